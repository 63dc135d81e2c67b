import { max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["type", "lane"];

const signal: Signal = {
  record: "type_lane:mcp_oldest_overdue_seconds:max",
  labels,
  expression: max(labels, series("mcp_oldest_overdue_seconds")),
  fromRedisState: true,
};

export const retriesOverdue = defineAlert({
  name: "RetriesOverdue",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 120, unit: "seconds" },
  forMs: minutes(5),
  summary: (facts) =>
    `Retries of {{ $labels.type }} {{ $labels.lane }} tasks are overdue by more than ${facts.threshold}`,
  description: (facts) =>
    `A retry or delayed task of type {{ $labels.type }} in the {{ $labels.lane }} lane is overdue by ${facts.value}, and ` +
    `has been overdue by more than ${facts.threshold} for ${facts.for}: due tasks do not return to their queue.`,
  panel: "overdue-retries",
  runbook,
  samples,
  fault: "refuse-promotion",
});
