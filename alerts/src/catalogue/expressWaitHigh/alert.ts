import { binary, call, type Expression, firstOf, number, sum } from "../../promql/expression.ts";
import { bucketsOver } from "../../promql/series.ts";
import { increase, rate } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const fastMs = minutes(5);
const slowMs = minutes(15);

const waited = (rangeMs: number, bucket: { le?: string } = {}) =>
  bucketsOver("mcp_task_wait_seconds", rangeMs, { lane: "express", ...bucket });
const p95 = (rangeMs: number): Expression =>
  call("histogram_quantile", number(0.95), sum(["type", "le"], rate(waited(rangeMs))));
const severalFinished = binary(sum(["type"], increase(waited(fastMs, { le: "+Inf" }))), ">=", number(10));

/**
 * What clients wait for an express task, from their request to its result. Where few finished in five minutes, a quarter of
 * an hour decides.
 */
const signal: Signal = {
  record: "type:mcp_express_wait_seconds:p95",
  labels: ["type"],
  bridgesGaps: true,
  expression: firstOf(binary(p95(fastMs), "and", severalFinished), p95(slowMs)),
};

export const expressWaitHigh = defineAlert({
  name: "ExpressWaitHigh",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 0.1, unit: "seconds", bucketOf: "mcp_task_wait_seconds" },
  windowMs: slowMs,
  // As long as the window: one slow task alone in an idle system has left it by then.
  forMs: slowMs,
  // Less than ExpressLatencyHigh, which inhibits it.
  keepFiringForMs: minutes(1),
  summary: (facts) => `Clients wait longer than ${facts.threshold} for express {{ $labels.type }} tasks (p95)`,
  description: (facts) =>
    `From the request to the result, the 95th percentile of express {{ $labels.type }} tasks is ${facts.value}, above ` +
    `${facts.threshold} for ${facts.for}. If few tasks finish, it is taken over ${facts.window}.`,
  panel: "express-wait",
  runbook,
  samples,
  fault: "very-slow-upstream",
});
