import { binary, call, firstOf, max, number, sum } from "../promql/expression.ts";
import { bucketsOver, series } from "../promql/series.ts";
import { rate } from "../promql/signals.ts";
import { minutes } from "../timing.ts";
import type { Signal } from "./alert.ts";

export const EXPRESS_LATENCY_WINDOW_MS = minutes(5);

const p95 = call(
  "histogram_quantile",
  number(0.95),
  sum(["type", "le"], rate(bucketsOver("mcp_task_latency_seconds", EXPRESS_LATENCY_WINDOW_MS, { lane: "express" }))),
);

const oldest = max(["type"], series("mcp_oldest_task_age_seconds", { lane: "express" }));

/**
 * What both express alerts watch. A histogram knows only what has finished: where nothing did, the quantile is NaN
 * (which no comparison passes) and the age of the oldest unfinished task takes its place, so that tasks which never
 * finish are not taken for fast ones.
 */
export const expressLatency: Signal = {
  record: "type:mcp_express_latency_seconds:p95",
  labels: ["type"],
  expression: firstOf(binary(p95, ">=", number(0)), oldest),
};
