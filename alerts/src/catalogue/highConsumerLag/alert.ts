import { max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["queue", "type", "lane"];

/** Every replica reports the same group: the highest report counts, a sum would multiply it. */
const signal: Signal = {
  record: "queue:mcp_consumer_group_lag:max",
  labels,
  expression: max(labels, series("mcp_consumer_group_lag")),
  fromRedisState: true,
};

export const highConsumerLag = defineAlert({
  name: "HighConsumerLag",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 100, unit: "messages" },
  forMs: minutes(10),
  summary: (facts) => `Consumers of {{ $labels.queue }} are more than ${facts.threshold} behind`,
  description: (facts) =>
    `The consumers of {{ $labels.queue }} have ${facts.value} to finish and have been more than ` +
    `${facts.threshold} behind for ${facts.for}. Clients wait longer for {{ $labels.type }} tasks.`,
  panel: "consumer-lag",
  runbook,
  samples,
  fault: "stall-upstream-small-backlog",
});
