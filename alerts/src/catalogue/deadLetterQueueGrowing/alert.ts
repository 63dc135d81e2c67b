import { binary, call, max } from "../../promql/expression.ts";
import { recorded, series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(15);

const depth: Signal = {
  record: "service:mcp_dlq_depth:max",
  labels: [],
  expression: max([], series("mcp_dlq_depth")),
};

/** Growth over the lowest depth in the window. Unlike `delta`, this does not extrapolate, and a gap does not matter. */
const signal: Signal = {
  record: "service:mcp_dlq_depth:growth15m",
  labels: [],
  inputs: [depth],
  fromRedisState: true,
  expression: binary(recorded(depth.record), "-", call("min_over_time", recorded(depth.record, windowMs))),
};

export const deadLetterQueueGrowing = defineAlert({
  name: "DeadLetterQueueGrowing",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 10, unit: "messages" },
  windowMs,
  forMs: minutes(10),
  summary: (facts) => `The dead letter queue grows by more than ${facts.threshold} in ${facts.window}`,
  description: (facts) =>
    `The dead letter queue has grown by ${facts.value} in the last ${facts.window}, and by more than ` +
    `${facts.threshold} for ${facts.for}. Tasks become dead letters faster than they are retried or discarded.`,
  panel: "dead-letters",
  runbook,
  samples,
  fault: "failing-upstream",
});
