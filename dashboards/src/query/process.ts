import { call } from "@mcp-orchestrator/alerts/promql";
import { type TargetLabel, targetSelector } from "./metrics.ts";
import type { Vector } from "./vector.ts";

/**
 * The series of the main process that the panels use and that the contract does not list: the defaults of prom-client,
 * and what Prometheus writes about a target.
 */
export const PROCESS_METRICS = {
  up: "gauge",
  process_cpu_seconds_total: "counter",
  process_resident_memory_bytes: "gauge",
  process_start_time_seconds: "gauge",
  process_open_fds: "gauge",
  nodejs_eventloop_lag_p50_seconds: "gauge",
  nodejs_eventloop_lag_p99_seconds: "gauge",
  nodejs_heap_size_used_bytes: "gauge",
  nodejs_heap_size_total_bytes: "gauge",
} as const satisfies Record<string, "gauge" | "counter">;

type ProcessMetric = keyof typeof PROCESS_METRICS;
type Gauge = { [M in ProcessMetric]: (typeof PROCESS_METRICS)[M] extends "gauge" ? M : never }[ProcessMetric];

const LABELS: readonly TargetLabel[] = ["job", "instance"];

/** A gauge of the main process. */
export function processGauge(metric: Gauge): Vector<TargetLabel> {
  return { expr: targetSelector(metric), labels: LABELS };
}

/** Growth per second of a counter of the main process. */
export function processRate(metric: Exclude<ProcessMetric, Gauge>): Vector<TargetLabel> {
  return { expr: call("rate", targetSelector(metric, {}, "$__rate_interval")), labels: LABELS };
}
