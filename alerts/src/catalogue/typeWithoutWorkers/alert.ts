import { binary, firstOf, max, min, number, sum } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, KEEP_INHIBITOR_FIRING_FOR_MS, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["type"];

const isWanted = firstOf(
  binary(sum(labels, series("mcp_expected_workers")), ">", number(0)),
  binary(max(labels, series("mcp_queue_depth")), ">", number(0)),
);

/**
 * Active workers of each type that needs workers. A type that is scaled to zero needs them only while its tasks wait. A
 * type that no replica is configured for has no such series: mcp_unserved_tasks counts its tasks.
 */
const signal: Signal = {
  record: "type:mcp_active_workers:wanted",
  labels,
  expression: firstOf(
    binary(sum(labels, series("mcp_active_workers")), "and", isWanted),
    binary(number(0), "*", min(labels, series("mcp_unserved_tasks"))),
  ),
};

export const typeWithoutWorkers = defineAlert({
  name: "TypeWithoutWorkers",
  severity: "critical",
  signal,
  comparator: "==",
  threshold: { value: 0, unit: "workers", fixed: true },
  forMs: minutes(5),
  keepFiringForMs: KEEP_INHIBITOR_FIRING_FOR_MS,
  summary: () => "No worker of type {{ $labels.type }} is consuming",
  description: (facts) =>
    `For ${facts.for} no {{ $labels.type }} worker has consumed a task, while workers are expected or tasks wait. Other ` +
    "types may be healthy.",
  panel: "active-workers-by-type",
  runbook,
  samples,
  fault: "scale-type-to-zero",
});
