import { binary, call, firstOf, max, number, sum } from "../promql/expression.ts";
import { bucketsOver, series } from "../promql/series.ts";
import { increase, rate } from "../promql/signals.ts";
import { minutes } from "../timing.ts";
import type { Signal } from "./alert.ts";

export const EXPRESS_LATENCY_WINDOW_MS = minutes(5);

const finished = (bucket: { le?: string } = {}) =>
  bucketsOver("mcp_task_latency_seconds", EXPRESS_LATENCY_WINDOW_MS, { lane: "express", ...bucket });

const p95 = call("histogram_quantile", number(0.95), sum(["type", "le"], rate(finished())));

const oldest = max(["type"], series("mcp_oldest_task_age_seconds", { lane: "express" }));

/**
 * A quantile of one task is that task. In an idle system a single one that a crash or a failed acknowledgement delayed
 * is old for the time until it is recovered and then alone in the window: together longer than the `for`.
 */
const severalFinished = binary(sum(["type"], increase(finished({ le: "+Inf" }))), ">=", number(2));

/**
 * What both express alerts watch. A histogram knows only what has finished: where hardly anything did, the age of the
 * oldest unfinished task takes the place of the quantile, so that tasks which never finish are not taken for fast ones.
 */
export const expressLatency: Signal = {
  record: "type:mcp_express_latency_seconds:p95",
  labels: ["type"],
  expression: firstOf(binary(p95, "and", severalFinished), oldest),
};
