import type { Alert } from "@mcp-orchestrator/alerts";
import { METRICS, type MetricName } from "mcp-orchestrator/contract";
import type { PROCESS_METRICS } from "../../src/query/process.ts";
import { incident, type Labels, noise } from "./workload.ts";

/** What happens during the recorded time, in minutes from its start. */
const STALL = { start: 62, minutes: 16 } as const;
const SLOW = { start: 88, minutes: 12 } as const;
const CRASHES = { start: 103, minutes: 3 } as const;

const stall = (minute: number) => incident(minute, STALL.start, STALL.minutes);
const slow = (minute: number) => incident(minute, SLOW.start, SLOW.minutes);
const crashing = (minute: number) => incident(minute, CRASHES.start, CRASHES.minutes);

const RATE_BY_TYPE: Readonly<Record<string, number>> = { reasoning: 9, codegen: 6, ml: 3.5 };

/** Tasks per second of a lane. */
function load({ type = "", lane = "" }: Labels, minute: number): number {
  const share = lane === "express" ? 0.35 : 0.65;
  return (RATE_BY_TYPE[type] ?? 1) * share * (1 + 0.18 * noise(`${type}${lane}`, minute));
}

/** Level of a gauge, or increase per second of a counter, at a minute. Histograms are made of {@link latencySeconds}. */
type Course = (labels: Labels, minute: number) => number;

const held: Course = ({ type, lane }, minute) =>
  Math.round(
    type === "reasoning" && lane === "regular"
      ? 660 * stall(minute)
      : Math.max(0, 2 + 4 * noise(`held${type}${lane}`, minute)) + (lane === "regular" ? 40 * stall(minute) : 0),
  );

/** A course for each metric of the contract; one that is missing does not compile. */
export const COURSES: Readonly<Record<MetricName, Course>> = {
  mcp_tasks_enqueued_total: load,
  mcp_tasks_completed_total: (labels, minute) => load(labels, minute) * (1 - 0.5 * stall(minute)),
  mcp_tasks_failed_total: ({ reason = "", type }, minute) =>
    (reason === "upstream" ? 0.02 + (type === "codegen" ? 0.28 * slow(minute) : 0) : 0.004) + 0.002,
  mcp_task_latency_seconds: load,
  mcp_task_wait_seconds: load,
  mcp_http_requests_total: ({ cause }, minute) => (cause === "none" ? 6 : cause === "overload" ? stall(minute) : 0.01),
  mcp_submission_duration_seconds: ({ outcome }, minute) =>
    outcome === "ok" ? 3 : outcome === "error" ? stall(minute) : 0.01,
  mcp_ack_attempts_total: (labels, minute) =>
    labels.outcome === "ok" ? load(labels, minute) : 0.001 + 0.05 * crashing(minute),
  mcp_ack_failures_total: (_, minute) => 0.012 * crashing(minute),
  mcp_ack_success_rate: (labels, minute) => 1 - 0.02 * crashing(minute) * (labels.lane === "express" ? 1 : 0.4),
  mcp_consumer_group_lag: held,
  mcp_consumer_group_pending: (labels, minute) => Math.min(16, held(labels, minute)),
  mcp_queue_depth: held,
  mcp_oldest_task_age_seconds: (labels, minute) => 0.08 + held(labels, minute) / 14,
  mcp_dlq_depth: (_, minute) => 3 + Math.floor(Math.max(0, minute - SLOW.start) * 0.9),
  mcp_dead_letters_discarded_total: () => 0,
  mcp_active_workers: (_, minute) => (crashing(minute) > 0.5 ? 1 : 2),
  mcp_expected_workers: () => 2,
  mcp_worker_crashes_total: ({ reason }, minute) => (reason === "oom" ? 0.3 : 0.02) * crashing(minute),
  mcp_orphans_claimed_total: (_, minute) => 0.4 * crashing(minute),
  mcp_late_finishes_total: (_, minute) => 0.02 * crashing(minute),
  mcp_task_retries_total: ({ type }, minute) => 0.05 + (type === "codegen" ? 0.9 * slow(minute) : 0),
  mcp_tasks_submitted_total: (labels, minute) => {
    if (labels.cause === "none") return load(labels, minute);
    return labels.cause === "overload" ? 0.2 * stall(minute) : 0.002;
  },
  mcp_tasks_unaccounted: () => 0,
  mcp_delayed_tasks: ({ type }, minute) => Math.round(1 + (type === "codegen" ? 12 * slow(minute) : 0)),
  mcp_oldest_overdue_seconds: () => 0,
  mcp_operator_override: () => 0,
  mcp_unserved_tasks: () => 0,
  mcp_rate_limit_enabled: () => 0,
  mcp_redis_up: () => 1,
  mcp_redis_state_known: () => 1,
  mcp_redis_command_duration_seconds: () => 20,
  mcp_redis_snapshot_duration_seconds: (_, minute) => 0.001 + 0.0005 * noise("snapshot", minute),
  mcp_redis_memory_fragmentation_ratio: () => 1.3,
  mcp_redis_persistence_ok: () => 1,
  mcp_redis_replication_ok: () => 1,
  mcp_redis_connected_replicas: () => 0,
  mcp_redis_evicted_keys: () => 0,
  mcp_redis_server_info: () => 1,
  mcp_redis_memory_used_ratio: (_, minute) => 0.21 + 0.02 * noise("memory", minute) + 0.33 * stall(minute),
  mcp_upstream_requests_total: ({ upstream = "", outcome }, minute) => {
    const all = (upstream === "chat" ? 7 : 3) * (1 + 0.1 * noise(upstream, minute));
    const bad = upstream === "chat" ? 0.3 * slow(minute) : 0;
    return outcome === "ok" ? all * (1 - bad) : all * (bad / 3 + 0.002);
  },
  mcp_upstream_request_duration_seconds: ({ upstream }) => (upstream === "chat" ? 7 : 3),
  mcp_circuit_state: ({ upstream }, minute) =>
    upstream === "chat" ? Math.round(2 * Math.max(0, slow(minute) - 0.4)) : 0,
  mcp_workers_resident_memory_bytes: ({ type = "" }, minute) => 1.6e8 * (1 + 0.04 * noise(type, minute)) + minute * 1e5,
  mcp_build_info: () => 1,
};

/** Level, or increase per second, of the main process' metrics outside the contract. */
export const PROCESS_COURSES: Readonly<Record<keyof typeof PROCESS_METRICS, (minute: number) => number>> = {
  up: () => 1,
  process_cpu_seconds_total: (minute) => 0.22 + 0.05 * noise("cpu", minute),
  process_resident_memory_bytes: (minute) => 1.1e8 + 4e6 * noise("rss", minute),
  process_start_time_seconds: () => 0,
  nodejs_eventloop_lag_p99_seconds: (minute) => 0.014 + 0.003 * noise("loop", minute),
};

/** Alerts during the recorded time: pending from a minute on, firing from the next, until the last. */
export const ALERT_COURSES: readonly { labels: Labels; pending: number; firing: number; end: number }[] = [
  {
    labels: {
      alertname: "HighConsumerLag",
      severity: "warning",
      queue: "mcp:queue:reasoning",
      type: "reasoning",
      lane: "regular",
    },
    pending: STALL.start + 1,
    firing: STALL.start + 11,
    end: STALL.start + 16,
  },
  {
    labels: {
      alertname: "QueueDepthSpike",
      severity: "critical",
      queue: "mcp:queue:reasoning",
      type: "reasoning",
      lane: "regular",
    },
    pending: STALL.start + 4,
    firing: STALL.start + 9,
    end: STALL.start + 15,
  },
  {
    labels: { alertname: "ExpressLatencyHigh", severity: "warning", type: "codegen" },
    pending: SLOW.start + 1,
    firing: SLOW.start + 6,
    end: SLOW.start + 12,
  },
  {
    labels: { alertname: "TaskFailureRateHigh", severity: "warning", type: "codegen" },
    pending: SLOW.start + 2,
    firing: SLOW.start + 12,
    end: 121,
  },
];

/** Median duration in a histogram. */
export function medianSeconds(metric: MetricName, { type, lane, upstream }: Labels, minute: number): number {
  if (metric === "mcp_upstream_request_duration_seconds") {
    return upstream === "chat" ? 0.03 + 0.12 * slow(minute) : 0.012;
  }
  if (metric === "mcp_redis_command_duration_seconds") return 0.0008 + 0.02 * stall(minute);
  if (metric === "mcp_submission_duration_seconds") return 0.002 + 0.004 * stall(minute);
  const waiting = lane === "regular" ? 0.06 + 8 * stall(minute) : 0;
  return (
    0.028 + waiting + (type === "codegen" ? 0.1 * slow(minute) : 0) + 0.004 * noise(`median${type}${lane}`, minute)
  );
}

/** Kind of a metric of the contract. */
export function kindOf(metric: MetricName): "counter" | "gauge" | "histogram" {
  return METRICS[metric].type;
}

/** Value of an alert's signal: beyond the threshold while the alert is active, otherwise far from it. */
export function signalValue({ name, threshold: { value }, comparator }: Alert, labels: Labels, minute: number): number {
  const active = ALERT_COURSES.some(
    (course) =>
      course.labels.alertname === name &&
      minute >= course.pending &&
      minute < course.end &&
      Object.entries(labels).every(([label, own]) => (course.labels[label] ?? own) === own),
  );
  const wobble = 1 + 0.2 * noise(`${name}${Object.values(labels)}`, minute);
  if (comparator === "==") return active ? value : value + 1;
  if (comparator === "<") return active ? value - (1 - value) : 1 - (1 - value) * 0.2 * wobble;
  return value * (active ? 1.4 : 0.3) * wobble;
}
