import { binary, call, firstOf, number, sum } from "../../promql/expression.ts";
import { recorded, series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, held, KEEP_INHIBITOR_FIRING_FOR_MS, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["type"];
const forMs = minutes(5);

/** Workers that a type should have. */
const expected: Signal = {
  record: "type:mcp_expected_workers:sum",
  labels,
  expression: sum(labels, series("mcp_expected_workers")),
};

/** Tasks that wait for a type, in both lanes. A queue is the same on every replica. */
const waiting: Signal = {
  record: "type:mcp_queue_depth:sum",
  labels,
  expression: sum(labels, {
    kind: "aggregation",
    operator: "max",
    by: ["type", "lane"],
    operand: series("mcp_queue_depth"),
  }),
};

const signal: Signal = {
  record: "type:mcp_active_workers:sum",
  labels,
  inputs: [expected, waiting],
  expression: sum(labels, series("mcp_active_workers")),
};

export const typeWithoutWorkers = defineAlert({
  name: "TypeWithoutWorkers",
  severity: "critical",
  signal,
  comparator: "==",
  threshold: { value: 0, unit: "workers", fixed: true },
  forMs,
  keepFiringForMs: KEEP_INHIBITOR_FIRING_FOR_MS,
  // A type that was scaled to zero on purpose is an incident only when tasks wait for it.
  condition: (limit) =>
    binary(
      binary(held(signal, forMs), "==", limit),
      "and",
      firstOf(
        binary(call("last_over_time", recorded(expected.record, forMs / 2)), ">", number(0)),
        binary(call("last_over_time", recorded(waiting.record, forMs / 2)), ">", number(0)),
      ),
    ),
  summary: () => "No worker of type {{ $labels.type }} is consuming",
  description: (facts) =>
    `For ${facts.for} no {{ $labels.type }} worker has consumed a task, while workers are expected or tasks wait. Other ` +
    "types may be healthy.",
  panel: "active-workers",
  runbook,
  samples,
  fault: "scale-type-to-zero",
});
