import { call, max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["type", "lane"];

/** Positive: lost tasks. Negative: tasks that were counted twice. */
const signal: Signal = {
  record: "type_lane:mcp_tasks_unaccounted:max_abs",
  labels,
  expression: max(labels, call("abs", series("mcp_tasks_unaccounted"))),
  fromRedisState: true,
};

export const tasksUnaccounted = defineAlert({
  name: "TasksUnaccounted",
  severity: "critical",
  signal,
  comparator: ">",
  threshold: { value: 0, unit: "tasks" },
  forMs: minutes(10),
  summary: () => "Task accounting of {{ $labels.type }} {{ $labels.lane }} tasks does not match",
  description: (facts) =>
    `${facts.value} of type {{ $labels.type }} in the {{ $labels.lane }} lane have been unaccounted for ` +
    `during ${facts.for}. They may be lost, or counted twice.`,
  panel: "unaccounted",
  runbook,
  samples,
  fault: "lose-an-entry",
});
