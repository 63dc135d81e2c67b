import { call } from "@mcp-orchestrator/alerts/promql";
import { type TargetLabel, targetSelector } from "./metrics.ts";
import { aggregate, type Vector, whileAbove } from "./vector.ts";

/**
 * Series of the main process outside the contract that the panels use: the defaults of prom-client, and Prometheus'
 * series about a target.
 */
export const PROCESS_METRICS = {
  up: "gauge",
  process_cpu_seconds_total: "counter",
  process_resident_memory_bytes: "gauge",
  process_start_time_seconds: "gauge",
  nodejs_eventloop_lag_p99_seconds: "gauge",
} as const satisfies Record<string, "gauge" | "counter">;

type ProcessMetric = keyof typeof PROCESS_METRICS;
type Gauge = { [M in ProcessMetric]: (typeof PROCESS_METRICS)[M] extends "gauge" ? M : never }[ProcessMetric];

const LABELS: readonly TargetLabel[] = ["job", "instance"];

/** A gauge of the main process. */
export function processGauge(metric: Gauge): Vector<TargetLabel> {
  return { expr: targetSelector(metric), labels: LABELS };
}

/** Increase per second of a counter of the main process. */
export function processRate(metric: Exclude<ProcessMetric, Gauge>): Vector<TargetLabel> {
  return { expr: call("rate", targetSelector(metric, {}, "$__rate_interval")), labels: LABELS };
}

/**
 * A vector while a replica answers Prometheus. The window of a rate still has samples after its target is gone, but
 * they no longer show the present.
 */
export function whileAnswering<L extends string>(vector: Vector<L>): Vector<L> {
  return whileAbove(vector, aggregate("max", processGauge("up")), 0);
}
