/**
 * The metric contract: every metric the service exposes, with type, help, unit, labels and buckets.
 *
 * This file has no imports on purpose. Rules, panels, runbooks and the drill are typed against it, so that a metric or
 * a label that does not exist does not compile, and a latency threshold that is not a bucket bound is refused.
 */

/** The two lanes of every task type. */
export const LANES = ["express", "regular"] as const;
/** Task types that ship with the service; HANDLERS may add more. */
export const BUILT_IN_TYPES = ["reasoning", "codegen", "ml"] as const;
/** Why a task ended in the dead letter queue. */
export const FAILURE_REASONS = ["upstream", "timeout", "validation", "poison", "internal"] as const;
/** Why a worker process ended unexpectedly. */
export const CRASH_REASONS = ["signal", "exit", "oom", "unresponsive"] as const;
/** Why a submission was rejected. */
export const REJECT_REASONS = ["rate_limit", "overload", "invalid"] as const;
/** Groups of endpoints of the HTTP API; `other` is what belongs to none of them. */
export const REQUEST_ROUTES = [
  "submit",
  "submit_batch",
  "task",
  "dlq",
  "admin",
  "state",
  "probe",
  "metrics",
  "other",
] as const;
/** How the HTTP API answered a request: `rejected` is the client's to change, `error` is not. */
export const REQUEST_OUTCOMES = ["ok", "rejected", "error"] as const;
/** Why the HTTP API answered as it did, with the outcome that each cause belongs to. */
export const REQUEST_CAUSES = {
  none: "ok",
  invalid: "rejected",
  denied: "rejected",
  not_found: "rejected",
  conflict: "rejected",
  /** The request took too long to arrive. */
  slow_client: "rejected",
  rate_limit: "rejected",
  /** A limit of queues, memory or requests in flight. */
  overload: "error",
  redis: "error",
  shutdown: "error",
  not_ready: "error",
  /** The client went away before it had its answer. */
  aborted: "error",
  internal: "error",
} as const satisfies Record<string, (typeof REQUEST_OUTCOMES)[number]>;
/** Why a dead letter was discarded without being asked for. */
export const DISCARD_REASONS = ["limit", "age"] as const;
/** Outcome of one attempt to acknowledge one message. */
export const ACK_OUTCOMES = ["ok", "error"] as const;
/** Settings that an operator can change while the service runs, and may forget to set back. */
export const OPERATOR_OVERRIDES = ["rate_limit", "express_bypass", "paused", "workers"] as const;
/** Kinds of persistence of Redis. */
export const PERSISTENCE_KINDS = ["rdb", "aof"] as const;
/** External APIs that the built-in handlers call. */
export const UPSTREAMS = ["chat", "market"] as const;
/**
 * Outcome of one request to an upstream: `denied` where it refuses this client (credentials, payment, quota, rate),
 * `rejected` where the circuit breaker was open and none was sent.
 */
export const UPSTREAM_OUTCOMES = ["ok", "error", "timeout", "denied", "rejected"] as const;
/** Circuit breaker states, by the value of `mcp_circuit_state`. */
export const CIRCUIT_STATES = ["closed", "half_open", "open"] as const;

/**
 * Upper bounds of the task latency histogram, in seconds. Every latency threshold of the catalogue must be one of
 * them: `histogram_quantile` interpolates inside a bucket, so a threshold between two bounds is met too early or too
 * late.
 */
export const TASK_LATENCY_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60, 300,
] as const;

/** Upper bounds of the upstream request histogram, in seconds. */
export const UPSTREAM_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** What the contract says about one metric. */
export type MetricSpec = {
  readonly type: "counter" | "gauge" | "histogram";
  readonly unit: "tasks" | "messages" | "attempts" | "workers" | "seconds" | "bytes" | "ratio" | "requests" | "state";
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
};

const queueLabels = ["queue", "type", "lane"] as const;
const groupLabels = ["queue", "group", "type", "lane"] as const;
const taskLabels = ["type", "lane"] as const;

/** Every metric of the service, by name. */
export const METRICS = {
  mcp_tasks_enqueued_total: {
    type: "counter",
    unit: "tasks",
    help: "Tasks accepted into a stream through the API.",
    labels: taskLabels,
  },
  mcp_tasks_completed_total: {
    type: "counter",
    unit: "tasks",
    help: "Tasks finished with a result.",
    labels: taskLabels,
  },
  mcp_tasks_failed_total: {
    type: "counter",
    unit: "tasks",
    help: "Tasks that ended in the dead letter queue, by reason.",
    labels: ["type", "lane", "reason"],
  },
  mcp_task_latency_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Time from a task's first stream entry to its stored result.",
    labels: taskLabels,
    buckets: TASK_LATENCY_BUCKETS_SECONDS,
  },
  mcp_task_wait_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Time from the receipt of a task's submission to its stored result, without a delay that was asked for.",
    labels: taskLabels,
    buckets: TASK_LATENCY_BUCKETS_SECONDS,
  },
  mcp_ack_attempts_total: {
    type: "counter",
    unit: "attempts",
    help: "Attempts to acknowledge a message, by outcome.",
    labels: ["type", "lane", "outcome"],
  },
  mcp_ack_failures_total: {
    type: "counter",
    unit: "messages",
    help: "Messages whose three attempts to acknowledge all failed.",
    labels: taskLabels,
  },
  mcp_ack_success_rate: {
    type: "gauge",
    unit: "ratio",
    help: "Share of acknowledgement attempts that succeeded over the last five minutes; 1 when there were none.",
    labels: taskLabels,
  },
  mcp_consumer_group_lag: {
    type: "gauge",
    unit: "messages",
    help: "Messages that the group still has to finish: undelivered plus pending.",
    labels: groupLabels,
  },
  mcp_consumer_group_pending: {
    type: "gauge",
    unit: "messages",
    help: "Messages delivered to a consumer and not acknowledged.",
    labels: groupLabels,
  },
  mcp_queue_depth: {
    type: "gauge",
    unit: "messages",
    help: "Entries in the stream (XLEN).",
    labels: queueLabels,
  },
  mcp_oldest_task_age_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Age of the oldest unfinished entry; 0 when the queue is empty.",
    labels: queueLabels,
  },
  mcp_dlq_depth: {
    type: "gauge",
    unit: "messages",
    help: "Entries in the dead letter queue (XLEN).",
    labels: [],
  },
  mcp_dead_letters_discarded_total: {
    type: "counter",
    unit: "messages",
    help: "Dead letters discarded because of a limit of their queue, by limit.",
    labels: ["reason"],
  },
  mcp_active_workers: {
    type: "gauge",
    unit: "workers",
    help: "Workers that are alive and consuming, by the age of their last completed poll.",
    labels: ["type"],
  },
  mcp_expected_workers: {
    type: "gauge",
    unit: "workers",
    help: "Workers that this process is configured to run.",
    labels: ["type"],
  },
  mcp_worker_crashes_total: {
    type: "counter",
    unit: "workers",
    help: "Worker processes that ended unexpectedly, by reason.",
    labels: ["type", "reason"],
  },
  mcp_orphans_claimed_total: {
    type: "counter",
    unit: "messages",
    help: "Entries claimed from a consumer that stopped working on them.",
    labels: taskLabels,
  },
  mcp_late_finishes_total: {
    type: "counter",
    unit: "messages",
    help: "Results that were dropped because another consumer had claimed the entry.",
    labels: taskLabels,
  },
  mcp_task_retries_total: {
    type: "counter",
    unit: "tasks",
    help: "Attempts after the first.",
    labels: taskLabels,
  },
  mcp_tasks_rejected_total: {
    type: "counter",
    unit: "tasks",
    help: "Submissions that were rejected, by reason.",
    labels: ["type", "reason"],
  },
  mcp_http_requests_total: {
    type: "counter",
    unit: "requests",
    help: "Requests that the HTTP API has answered, by group of endpoints, outcome and cause.",
    labels: ["route", "outcome", "cause"],
  },
  mcp_submission_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Time from the receipt of a submission to its answer, by outcome.",
    labels: ["outcome"],
    buckets: TASK_LATENCY_BUCKETS_SECONDS,
  },
  mcp_tasks_unaccounted: {
    type: "gauge",
    unit: "tasks",
    help: "Accepted minus (completed + dead + waiting + running + retrying + written off); above 0 tasks are lost, below 0 they are counted twice.",
    labels: taskLabels,
  },
  mcp_delayed_tasks: {
    type: "gauge",
    unit: "tasks",
    help: "Tasks that wait for a retry or a delayed start.",
    labels: taskLabels,
  },
  mcp_oldest_overdue_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Time since the first delayed task was due; 0 when none is overdue.",
    labels: taskLabels,
  },
  mcp_operator_override: {
    type: "gauge",
    unit: "state",
    help: "1 while an operator has changed a setting of the running service, otherwise 0; `type` is empty for all types.",
    labels: ["override", "type"],
  },
  mcp_unserved_tasks: {
    type: "gauge",
    unit: "tasks",
    help: "Tasks of a type that no replica works on; absent where every type with tasks is worked on.",
    labels: ["type"],
  },
  mcp_rate_limit_enabled: {
    type: "gauge",
    unit: "state",
    help: "1 while submissions are rate limited, otherwise 0.",
    labels: [],
  },
  mcp_redis_up: {
    type: "gauge",
    unit: "state",
    help: "1 when Redis answered a ping, otherwise 0.",
    labels: [],
  },
  mcp_redis_server_info: {
    type: "gauge",
    unit: "state",
    help: "Always 1; the labels say which server it is, such as redis or valkey, and its version.",
    labels: ["name", "version"],
  },
  mcp_redis_state_known: {
    type: "gauge",
    unit: "state",
    help: "1 when the state of all queues was read for this scrape; 0 when the queue gauges are missing.",
    labels: [],
  },
  mcp_redis_snapshot_duration_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Time that Redis took to answer with the state of all queues.",
    labels: [],
  },
  mcp_redis_memory_used_ratio: {
    type: "gauge",
    unit: "ratio",
    help: "Redis memory in use as a share of maxmemory, or of the host's memory where maxmemory is 0.",
    labels: [],
  },
  mcp_redis_memory_fragmentation_ratio: {
    type: "gauge",
    unit: "ratio",
    help: "Resident memory of Redis divided by its memory in use.",
    labels: [],
  },
  mcp_redis_persistence_ok: {
    type: "gauge",
    unit: "state",
    help: "1 when the last write of this kind of persistence succeeded, otherwise 0; absent where the kind is off.",
    labels: ["kind"],
  },
  mcp_redis_replication_ok: {
    type: "gauge",
    unit: "state",
    help: "0 on a replica that has lost its master, otherwise 1.",
    labels: [],
  },
  mcp_redis_connected_replicas: {
    type: "gauge",
    unit: "state",
    help: "Replicas connected to the Redis server in use.",
    labels: [],
  },
  mcp_redis_evicted_keys: {
    type: "gauge",
    unit: "state",
    help: "Keys that Redis has evicted since it started; each may be a queue.",
    labels: [],
  },
  mcp_upstream_requests_total: {
    type: "counter",
    unit: "requests",
    help: "Requests to external APIs, by outcome.",
    labels: ["upstream", "outcome"],
  },
  mcp_upstream_request_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Duration of requests to external APIs.",
    labels: ["upstream"],
    buckets: UPSTREAM_BUCKETS_SECONDS,
  },
  mcp_circuit_state: {
    type: "gauge",
    unit: "state",
    help: "Worst circuit breaker state over the workers: 0 closed, 1 half open, 2 open.",
    labels: ["upstream"],
  },
  mcp_workers_resident_memory_bytes: {
    type: "gauge",
    unit: "bytes",
    help: "Resident memory of the worker processes, summed by type.",
    labels: ["type"],
  },
  mcp_build_info: {
    type: "gauge",
    unit: "state",
    help: "Always 1; the version is in the label.",
    labels: ["version"],
  },
} as const satisfies Record<`mcp_${string}`, MetricSpec>;

/** Name of a metric of the contract. */
export type MetricName = keyof typeof METRICS;
/** Labels that metric M carries. */
export type LabelOf<M extends MetricName> = (typeof METRICS)[M]["labels"][number];
/** Names of the metrics of one kind. */
export type MetricNameOf<K extends MetricSpec["type"]> = {
  [M in MetricName]: (typeof METRICS)[M]["type"] extends K ? M : never;
}[MetricName];

export type Lane = (typeof LANES)[number];
export type FailureReason = (typeof FAILURE_REASONS)[number];
export type CrashReason = (typeof CRASH_REASONS)[number];
export type RejectReason = (typeof REJECT_REASONS)[number];
export type RequestRoute = (typeof REQUEST_ROUTES)[number];
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];
export type RequestCause = keyof typeof REQUEST_CAUSES;
export type OperatorOverride = (typeof OPERATOR_OVERRIDES)[number];
export type Upstream = (typeof UPSTREAMS)[number];
export type UpstreamOutcome = (typeof UPSTREAM_OUTCOMES)[number];
