import { max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["queue", "type", "lane"];

const signal: Signal = {
  record: "queue:mcp_oldest_task_age_seconds:max",
  labels,
  expression: max(labels, series("mcp_oldest_task_age_seconds")),
  fromRedisState: true,
};

export const oldestTaskTooOld = defineAlert({
  name: "OldestTaskTooOld",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 1800, unit: "seconds" },
  forMs: minutes(10),
  summary: (facts) => `A task of {{ $labels.queue }} has been waiting for more than ${facts.threshold}`,
  description: (facts) =>
    `The oldest unfinished task of {{ $labels.queue }} is ${facts.value} old, and has been older than ${facts.threshold} ` +
    `for ${facts.for}: a few tasks are stuck, or the whole queue is.`,
  panel: "oldest-task-age",
  runbook,
  samples,
  fault: "pause-with-an-old-task",
});
