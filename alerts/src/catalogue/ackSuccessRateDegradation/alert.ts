import { binary, number, sum } from "../../promql/expression.ts";
import { counterOver } from "../../promql/series.ts";
import { badShareOfTotal, increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(5);
const labels = ["type", "lane"];

/**
 * Attempts, not messages: an attempt that succeeds on retry counts too. One message can fail three times, so four
 * failures are more than one message.
 */
const signal: Signal = {
  record: "type_lane:mcp_ack_attempts:success_ratio",
  labels,
  bridgesGaps: true,
  expression: binary(
    number(1),
    "-",
    badShareOfTotal(
      sum(labels, increase(counterOver("mcp_ack_attempts_total", windowMs, { outcome: "error" }))),
      sum(labels, increase(counterOver("mcp_ack_attempts_total", windowMs))),
      4,
    ),
  ),
};

export const ackSuccessRateDegradation = defineAlert({
  name: "ACKSuccessRateDegradation",
  severity: "warning",
  signal,
  comparator: "<",
  threshold: { value: 0.99, unit: "ratio" },
  windowMs,
  forMs: minutes(10),
  summary: (facts) =>
    `Fewer than ${facts.threshold} of {{ $labels.type }} {{ $labels.lane }} acknowledgement attempts succeed`,
  description: (facts) =>
    `${facts.value} of the attempts to acknowledge {{ $labels.type }} messages of the {{ $labels.lane }} lane ` +
    `succeeded over the last ${facts.window}, below ${facts.threshold} for ${facts.for}. Retries still save ` +
    "the messages, but results come later.",
  panel: "ack-success",
  runbook,
  samples,
  fault: "flap-ack",
});
