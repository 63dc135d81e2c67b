import { binary, call, number, sum } from "../../promql/expression.ts";
import { counterOver, firedWithin, recorded } from "../../promql/series.ts";
import { increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(10);
const recentMs = minutes(5);
const labels = ["type", "lane"];
/** What the service answers when it is not the task that is wrong. */
export const REFUSED_TASKS = ["rate_limit", "overload", "redis", "internal"] as const;

const tasks = (rangeMs: number, cause: readonly string[]) =>
  sum(labels, increase(counterOver("mcp_tasks_submitted_total", rangeMs, { cause })));

/** Tasks that were not accepted a short time ago. */
const refusedTasks: Signal = {
  record: "type_lane:mcp_tasks_refused:increase5m",
  labels,
  expression: tasks(recentMs, REFUSED_TASKS),
};

/**
 * Share of the tasks of a lane that the service did not accept. It has no sample unless that has gone on for twice the
 * short time: a client that exceeds a rate limit for a moment, and then has no more tasks, would keep a share of 100 %.
 */
const signal: Signal = {
  record: "type_lane:mcp_tasks_refused:ratio10m",
  labels,
  inputs: [refusedTasks],
  bridgesGaps: true,
  expression: binary(
    binary(tasks(windowMs, REFUSED_TASKS), "/", tasks(windowMs, ["none", ...REFUSED_TASKS])),
    "and",
    binary(call("min_over_time", recorded(refusedTasks.record, recentMs)), ">", number(0)),
  ),
};

export const typeSubmissionsFailing = defineAlert({
  name: "TypeSubmissionsFailing",
  severity: "critical",
  signal,
  comparator: ">",
  threshold: { value: 0.5, unit: "ratio" },
  windowMs,
  forMs: minutes(5),
  // If the whole service rejects tasks, these alerts report it; their events stay in the window for a while.
  condition: (limit) =>
    binary(
      binary(recorded(signal.record), ">", limit),
      "unless",
      firedWithin(["NoActiveWorkers", "SubmissionsFailing"], recentMs),
      [],
    ),
  summary: (facts) =>
    `More than ${facts.threshold} of the {{ $labels.type }} tasks for the {{ $labels.lane }} lane are not accepted`,
  description: (facts) =>
    `${facts.value} of the {{ $labels.type }} tasks that clients submitted for the {{ $labels.lane }} lane in the last ` +
    `${facts.window} were answered with 429 or 5xx, above ${facts.threshold} for ${facts.for}. Other tasks may be accepted.`,
  panel: "type-submission-failures",
  runbook,
  samples,
  fault: "refuse-submissions-of-a-lane",
});
