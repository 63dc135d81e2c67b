import { sum } from "../../promql/expression.ts";
import { counterOver } from "../../promql/series.ts";
import { badShare, increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, KEEP_INHIBITOR_FIRING_FOR_MS, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(5);
const labels = ["type", "lane"];

/** Messages whose attempts all failed. */
const failures: Signal = {
  record: "type_lane:mcp_ack_failures:increase",
  labels,
  expression: sum(labels, increase(counterOver("mcp_ack_failures_total", windowMs))),
};

/** Their share of all that were settled. One alone in a window does not count as a share. */
const signal: Signal = {
  record: "type_lane:mcp_ack_failures:ratio",
  labels,
  inputs: [failures],
  bridgesGaps: true,
  expression: badShare(
    failures.record,
    sum(labels, increase(counterOver("mcp_ack_attempts_total", windowMs, { outcome: "ok" }))),
    2,
    windowMs,
  ),
};

export const highAckFailureRate = defineAlert({
  name: "HighACKFailureRate",
  severity: "critical",
  signal,
  comparator: ">",
  threshold: { value: 0.01, unit: "ratio" },
  windowMs,
  forMs: minutes(5),
  keepFiringForMs: KEEP_INHIBITOR_FIRING_FOR_MS,
  summary: (facts) =>
    `More than ${facts.threshold} of {{ $labels.type }} {{ $labels.lane }} messages cannot be acknowledged`,
  description: (facts) =>
    `${facts.value} of the {{ $labels.type }} messages of the {{ $labels.lane }} lane could not be ` +
    `acknowledged over the last ${facts.window}, above ${facts.threshold} for ${facts.for}. Their results are ` +
    "stored, but they stay pending and fill Redis.",
  panel: "ack-failures",
  runbook,
  samples,
  fault: "revoke-ack",
});
