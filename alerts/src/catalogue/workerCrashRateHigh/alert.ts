import { call, sum } from "../../promql/expression.ts";
import { counterOver, recorded } from "../../promql/series.ts";
import { rate, whileScraped } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, HOLDOVER_MS, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(5);

/**
 * The counters without gaps. `rate` does not see across a gap at the start of its window: minutes after a missed scrape,
 * a rate near the threshold would fall below it. With the last value held, the events of the gap count at the next scrape.
 */
const counters: Signal = {
  record: "series:mcp_worker_crashes_total:held",
  labels: ["type", "reason", "instance"],
  expression: call("last_over_time", counterOver("mcp_worker_crashes_total", HOLDOVER_MS)),
};

/** All types, reasons and replicas together, since a crash loop is often spread over them. */
const signal: Signal = {
  record: "service:mcp_worker_crashes:rate",
  labels: [],
  inputs: [counters],
  expression: whileScraped(sum([], rate(recorded(counters.record, windowMs)))),
};

export const workerCrashRateHigh = defineAlert({
  name: "WorkerCrashRateHigh",
  severity: "critical",
  signal,
  comparator: ">",
  threshold: { value: 0.5, unit: "perSecond" },
  windowMs,
  forMs: minutes(10),
  summary: (facts) => `Workers crash more often than ${facts.threshold}`,
  description: (facts) =>
    `Worker processes died ${facts.value} over the last ${facts.window}, above ${facts.threshold} for ` +
    `${facts.for}. Tasks are interrupted and run again, and the remaining workers fall behind.`,
  panel: "worker-crashes",
  runbook,
  samples,
  fault: "kill-workers",
});
