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
 * One task has no meaningful quantile. In an idle system, one task that a crash delayed is the oldest until it is
 * recovered, and then alone in the window: together longer than the `for`.
 */
const severalFinished = binary(sum(["type"], increase(finished({ le: "+Inf" }))), ">=", number(2));

/**
 * The signal of both express alerts. A histogram has only finished tasks. If hardly any finished, the age of the oldest
 * unfinished task replaces the quantile: tasks that never finish do not count as fast.
 */
export const expressLatency: Signal = {
  record: "type:mcp_express_latency_seconds:p95",
  labels: ["type"],
  expression: firstOf(binary(p95, "and", severalFinished), oldest),
};
