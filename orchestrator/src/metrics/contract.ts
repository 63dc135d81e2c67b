/**
 * The metric contract: every metric of the service, with type, help, unit, labels and buckets.
 *
 * Rules, panels, runbooks and the drill are typed against this file: a metric or a label that does not exist does not
 * compile, nor does a latency threshold that is not a bucket bound. The file has no imports on purpose.
 */

/** The two lanes of every task type. */
export const LANES = ["express", "regular"] as const;
/** Task types of the service itself. HANDLERS may add more. */
export const BUILT_IN_TYPES = ["reasoning", "codegen", "ml"] as const;
const MAX_TYPE_LENGTH = 32;
/** The name of a task type as part of a regular expression. It appears in keys, ids, labels and process titles. */
export const TASK_TYPE = `[a-z][a-z0-9_-]{0,${MAX_TYPE_LENGTH - 1}}`;
export const TASK_TYPE_PATTERN = new RegExp(`^${TASK_TYPE}$`);
export const TASK_TYPE_RULE = `must be a lower-case letter, then up to ${MAX_TYPE_LENGTH - 1} of a-z 0-9 _ -`;
/** Why a task ended in the dead letter queue. */
export const FAILURE_REASONS = ["upstream", "timeout", "validation", "poison", "internal"] as const;
/** Why a worker process ended unexpectedly. */
export const CRASH_REASONS = ["signal", "exit", "oom", "unresponsive"] as const;
/** Groups of endpoints of the HTTP API; `other` is any other path. */
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
/** Outcome of a request to the HTTP API. The client can correct a `rejected` request, but not an `error`. */
export const REQUEST_OUTCOMES = ["ok", "rejected", "error"] as const;
/** Causes of an answer of the HTTP API, each with its outcome. */
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
  /** The client disconnected before the answer. */
  aborted: "error",
  internal: "error",
} as const satisfies Record<string, (typeof REQUEST_OUTCOMES)[number]>;
/** Causes of the answer to a submitted task; `none` means that it was accepted. */
export const SUBMISSION_CAUSES = [
  "none",
  "invalid",
  "conflict",
  "rate_limit",
  "overload",
  "redis",
  "internal",
] as const satisfies readonly (keyof typeof REQUEST_CAUSES)[];
/** Why the service discarded a dead letter by itself. */
export const DISCARD_REASONS = ["limit", "age"] as const;
/** Outcome of one attempt to acknowledge one message. */
export const ACK_OUTCOMES = ["ok", "error"] as const;
/** Settings that an operator can change while the service runs, and may forget to reset. */
export const OPERATOR_OVERRIDES = ["rate_limit", "express_bypass", "paused", "workers"] as const;
/** Kinds of persistence of Redis. */
export const PERSISTENCE_KINDS = ["rdb", "aof"] as const;
/** External APIs that the built-in handlers call. */
export const UPSTREAMS = ["chat", "market"] as const;
/**
 * Outcome of one request to an upstream. `denied`: the upstream rejects this client (credentials, payment, quota, rate
 * limit). `rejected`: the circuit breaker was open and no request was sent.
 */
export const UPSTREAM_OUTCOMES = ["ok", "error", "timeout", "denied", "rejected"] as const;
/** Circuit breaker states, by the value of `mcp_circuit_state`. */
export const CIRCUIT_STATES = ["closed", "half_open", "open"] as const;

/**
 * Upper bounds of the task latency histogram, in seconds. Each latency threshold of the catalogue must be one of them:
 * `histogram_quantile` interpolates inside a bucket, so that an alert on any other threshold fires too early or too late.
 */
export const TASK_LATENCY_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60, 300,
] as const;

/** Upper bounds of the upstream request histogram, in seconds. */
const UPSTREAM_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Upper bounds of the Redis command histogram, in seconds. */
const REDIS_BUCKETS_SECONDS = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
] as const;

/** The contract of one metric. */
export type MetricSpec = {
  readonly type: "counter" | "gauge" | "histogram";
  readonly unit: "tasks" | "messages" | "attempts" | "workers" | "seconds" | "bytes" | "ratio" | "requests" | "state";
  readonly help: string;
  readonly labels: readonly string[];
  /** Those of `labels` that a sample may lack. */
  readonly optionalLabels?: readonly string[];
  readonly buckets?: readonly number[];
  /** True if a healthy service may have no sample of it. */
  readonly conditional?: true;
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
    help: "Time from the first stream entry of a task to its stored result.",
    labels: taskLabels,
    buckets: TASK_LATENCY_BUCKETS_SECONDS,
  },
  mcp_task_wait_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Time from the receipt of a submission to the stored result, without a requested delay.",
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
    help: "Messages that could not be acknowledged in three attempts.",
    labels: taskLabels,
  },
  mcp_ack_success_rate: {
    type: "gauge",
    unit: "ratio",
    help: "Share of acknowledgement attempts that succeeded over the last five minutes; 1 without attempts.",
    labels: taskLabels,
  },
  mcp_consumer_group_lag: {
    type: "gauge",
    unit: "messages",
    help: "Unfinished messages of the group: undelivered plus pending.",
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
    help: "Age of the oldest unfinished entry; 0 if the queue is empty.",
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
    help: "Dead letters that the service discarded because of a limit, by limit.",
    labels: ["reason"],
  },
  mcp_active_workers: {
    type: "gauge",
    unit: "workers",
    help: "Workers that are alive and consuming: their heartbeat and the last poll of both lanes are recent.",
    labels: ["type"],
  },
  mcp_expected_workers: {
    type: "gauge",
    unit: "workers",
    help: "Workers that this replica should run.",
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
  mcp_tasks_submitted_total: {
    type: "counter",
    unit: "tasks",
    help: "Tasks that clients submitted, by requested lane and by the cause of the answer; none: accepted, or known already.",
    labels: ["type", "lane", "cause"],
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
    help: "Accepted minus (completed + dead + waiting + running + retrying + written off) tasks; above 0: lost, below 0: counted twice.",
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
    optionalLabels: ["type"],
  },
  mcp_unserved_tasks: {
    type: "gauge",
    unit: "tasks",
    help: "Tasks of a type that no replica serves; absent if every type with tasks is served.",
    labels: ["type"],
    conditional: true,
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
    help: "1 if Redis answered, otherwise 0.",
    labels: [],
  },
  mcp_redis_server_info: {
    type: "gauge",
    unit: "state",
    help: "Always 1; the labels contain the name of the server, such as redis or valkey, and its version.",
    labels: ["name", "version"],
  },
  mcp_redis_state_known: {
    type: "gauge",
    unit: "state",
    help: "1 if the state of all queues was read for this scrape; 0 if queue gauges are missing.",
    labels: [],
  },
  mcp_redis_snapshot_duration_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Time that Redis took to return the state of all queues.",
    labels: [],
  },
  mcp_redis_command_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Time from a Redis command of the main process to its reply or failure.",
    labels: [],
    buckets: REDIS_BUCKETS_SECONDS,
  },
  mcp_redis_memory_used_ratio: {
    type: "gauge",
    unit: "ratio",
    help: "Redis memory in use as a share of maxmemory, or of the host memory if maxmemory is 0.",
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
    help: "1 if the last write of this kind of persistence succeeded, otherwise 0; absent if the kind is off.",
    labels: ["kind"],
    conditional: true,
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
    help: "Keys that Redis has evicted since its start; an evicted key may be a whole queue.",
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
    help: "Always 1; the label contains the version.",
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
export type SubmissionCause = (typeof SUBMISSION_CAUSES)[number];
export type RequestRoute = (typeof REQUEST_ROUTES)[number];
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];
export type RequestCause = keyof typeof REQUEST_CAUSES;
export type OperatorOverride = (typeof OPERATOR_OVERRIDES)[number];
export type Upstream = (typeof UPSTREAMS)[number];
export type UpstreamOutcome = (typeof UPSTREAM_OUTCOMES)[number];
