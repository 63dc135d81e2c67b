import { max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, KEEP_INHIBITOR_FIRING_FOR_MS, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["queue", "type", "lane"];

/** Every replica reports the same stream, so the maximum counts; a sum would multiply it. */
const signal: Signal = {
  record: "queue:mcp_queue_depth:max",
  labels,
  expression: max(labels, series("mcp_queue_depth")),
  fromRedisState: true,
};

export const queueDepthSpike = defineAlert({
  name: "QueueDepthSpike",
  severity: "critical",
  signal,
  comparator: ">",
  threshold: { value: 500, unit: "messages" },
  forMs: minutes(5),
  keepFiringForMs: KEEP_INHIBITOR_FIRING_FOR_MS,
  summary: (facts) => `Queue {{ $labels.queue }} holds more than ${facts.threshold}`,
  description: (facts) =>
    `{{ $labels.queue }} holds ${facts.value} and has been above ${facts.threshold} for ${facts.for}. Tasks ` +
    "arrive faster than the {{ $labels.type }} workers finish them, and Redis fills up.",
  panel: "queue-depth",
  runbook,
  samples,
  fault: "stall-upstream-flood",
});
