import { sum } from "../../promql/expression.ts";
import { counterOver } from "../../promql/series.ts";
import { badShare, increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(5);
const labels = ["type"];

/** Tasks that ended in the dead letter queue. */
export const failedTasks: Signal = {
  record: "type:mcp_tasks_failed:increase",
  labels,
  expression: sum(labels, increase(counterOver("mcp_tasks_failed_total", windowMs))),
};

/** Their share of all that ended. One alone in a window does not count as a share. */
const signal: Signal = {
  record: "type:mcp_tasks_failed:ratio",
  labels,
  inputs: [failedTasks],
  bridgesGaps: true,
  expression: badShare(
    failedTasks.record,
    sum(labels, increase(counterOver("mcp_tasks_completed_total", windowMs))),
    2,
    windowMs,
  ),
};

export const taskFailureRateHigh = defineAlert({
  name: "TaskFailureRateHigh",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 0.05, unit: "ratio" },
  windowMs,
  forMs: minutes(10),
  summary: (facts) => `More than ${facts.threshold} of {{ $labels.type }} tasks fail`,
  description: (facts) =>
    `${facts.value} of the {{ $labels.type }} tasks that ended in the last ${facts.window} ended in the dead letter ` +
    `queue, above ${facts.threshold} for ${facts.for}.`,
  panel: "task-failures",
  runbook,
  samples,
  fault: "failing-upstream",
});
