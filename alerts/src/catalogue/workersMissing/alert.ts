import { binary, sum } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["type"];

const signal: Signal = {
  record: "type:mcp_active_workers:ratio",
  labels,
  expression: binary(sum(labels, series("mcp_active_workers")), "/", sum(labels, series("mcp_expected_workers"))),
};

export const workersMissing = defineAlert({
  name: "WorkersMissing",
  severity: "warning",
  signal,
  comparator: "<",
  threshold: { value: 0.75, unit: "ratio" },
  // Longer than a deploy, and than a worker that hangs takes to be killed and restarted.
  forMs: minutes(10),
  // Less than what inhibits it.
  keepFiringForMs: minutes(1),
  summary: (facts) => `Fewer than ${facts.threshold} of the {{ $labels.type }} workers are consuming`,
  description: (facts) =>
    `${facts.value} of the expected {{ $labels.type }} workers consume tasks, and have been below ${facts.threshold} for ` +
    `${facts.for}. Tasks of this type are processed more slowly.`,
  panel: "worker-share",
  runbook,
  samples,
  fault: "hang-a-worker",
});
