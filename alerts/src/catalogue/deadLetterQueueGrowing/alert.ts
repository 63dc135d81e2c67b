import { binary, call, max } from "../../promql/expression.ts";
import { recorded, series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, held, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(15);

const signal: Signal = {
  record: "service:mcp_dlq_depth:max",
  labels: [],
  expression: max([], series("mcp_dlq_depth")),
};

export const deadLetterQueueGrowing = defineAlert({
  name: "DeadLetterQueueGrowing",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 10, unit: "messages" },
  windowMs,
  forMs: minutes(10),
  // Above its lowest depth in the window: unlike `delta`, that neither extrapolates nor minds a gap.
  condition: (limit) =>
    binary(binary(held(signal), "-", call("min_over_time", recorded(signal.record, windowMs))), ">", limit),
  summary: (facts) => `The dead letter queue grows by more than ${facts.threshold} in ${facts.window}`,
  description: (facts) =>
    `The dead letter queue has grown by ${facts.value} in the last ${facts.window}, and by more than ` +
    `${facts.threshold} for ${facts.for}: tasks fail for good faster than they are retried or discarded.`,
  panel: "dead-letters",
  runbook,
  samples,
  fault: "failing-upstream",
});
