import { call, max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["type", "lane"];

/** Lost tasks count up, doubled ones down: both are wrong. */
const signal: Signal = {
  record: "type_lane:mcp_tasks_unaccounted:max_abs",
  labels,
  expression: max(labels, call("abs", series("mcp_tasks_unaccounted"))),
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
    `${facts.value} of type {{ $labels.type }} in the {{ $labels.lane }} lane have been unaccounted for during ` +
    `${facts.for}: accepted, but neither finished, dead, waiting, running nor retrying, or counted twice.`,
  panel: "unaccounted",
  runbook,
  samples,
  fault: "lose-an-entry",
});
