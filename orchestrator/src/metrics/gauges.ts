import type { QueueSnapshot, QueueState } from "../queue/inspect/snapshot.ts";
import { type KnownTypes, unservedTypes } from "../queue/inspect/unservedTypes.ts";
import { redisErrorKind } from "../redis/redisError.ts";
import { within } from "../within.ts";
import type { AckWindow } from "./ackWindow.ts";
import { type OperatorOverride, UPSTREAMS } from "./contract.ts";
import type { Gauges } from "./serviceMetrics.ts";

/** A scrape waits this long for Redis; /metrics as a whole has a second. */
const SNAPSHOT_DEADLINE_MS = 500;

export type GaugeDeps = {
  readonly types: readonly string[];
  /** The types of all replicas. */
  readonly known: KnownTypes;
  readonly version: string;
  readonly readSnapshot: () => Promise<QueueSnapshot>;
  readonly supervisor: {
    status(): readonly { readonly type: string; readonly active: boolean; readonly rssBytes: number }[];
    wanted(type: string): number;
    circuits(): readonly number[];
  };
  readonly ackWindow: AckWindow;
  /** The configuration, which operators can override. */
  readonly configured: {
    readonly rateLimitPerSecond: number;
    /** Undefined if autoscaling is on. */
    readonly workersPerType: number | undefined;
  };
  /** Monotonic clock in ms. */
  readonly now: () => number;
};

/**
 * Creates the function that reads all gauges for a scrape in bounded time. If Redis does not answer, its gauges are
 * absent: an old depth, or a depth of 0, would mislead the alerts.
 */
export function createGaugeReader(deps: GaugeDeps): () => Promise<Gauges> {
  let reading: Promise<Gauges> | undefined;
  const read = async (): Promise<Gauges> => {
    const startedAtMs = deps.now();
    const snapshot = await deps.readSnapshot();
    return snapshotGauges(snapshot, (deps.now() - startedAtMs) / 1000, deps);
  };
  return async () => {
    // Scrapes share one reading, so that they do not pile up while Redis hangs.
    reading ??= read()
      .catch((error) => unknownState(answered(error)))
      .finally(() => {
        reading = undefined;
      });
    const ofRedis = within(reading, SNAPSHOT_DEADLINE_MS, unknownState(false));
    return { ...(await processGauges(deps)), ...(await ofRedis) };
  };
}

/** True if Redis replied with an error. It is up then. */
function answered(error: unknown): boolean {
  const kind = redisErrorKind(error);
  return kind !== "timeout" && kind !== "connection";
}

function unknownState(up: boolean): Gauges {
  return { mcp_redis_up: [{ labels: {}, value: up ? 1 : 0 }], mcp_redis_state_known: [{ labels: {}, value: 0 }] };
}

/** The gauges that this process knows without Redis. */
async function processGauges({ ackWindow, supervisor, types, version }: GaugeDeps): Promise<Gauges> {
  const status = supervisor.status();
  const ofType = (type: string) => status.filter((worker) => worker.type === type);
  const perType = (value: (type: string) => number) => types.map((type) => ({ labels: { type }, value: value(type) }));
  const circuits = supervisor.circuits();
  return {
    mcp_build_info: [{ labels: { version }, value: 1 }],
    mcp_active_workers: perType((type) => ofType(type).filter((worker) => worker.active).length),
    mcp_expected_workers: perType((type) => supervisor.wanted(type)),
    mcp_workers_resident_memory_bytes: perType((type) =>
      ofType(type).reduce((sum, worker) => sum + worker.rssBytes, 0),
    ),
    mcp_circuit_state: UPSTREAMS.map((upstream, index) => ({ labels: { upstream }, value: circuits[index] ?? 0 })),
    mcp_ack_success_rate: (await ackWindow.read()).map(({ type, lane, rate }) => ({
      labels: { type, lane },
      value: rate,
    })),
  };
}

/** The gauges from the snapshot of Redis. */
function snapshotGauges(snapshot: QueueSnapshot, tookSeconds: number, deps: GaugeDeps): Gauges {
  const { controls, deadLetters, queues, server, unreadable } = snapshot;
  const { memory } = server;
  const limitBytes = memory.maxBytes || memory.systemBytes;
  const one = (value: number) => [{ labels: {}, value }];
  const perLane = (value: (queue: QueueState) => number) =>
    queues.map((queue) => ({ labels: { type: queue.type, lane: queue.lane }, value: value(queue) }));
  const perQueue = (value: (queue: QueueState) => number) =>
    queues.map((queue) => ({
      labels: { queue: queue.stream, type: queue.type, lane: queue.lane },
      value: value(queue),
    }));
  const perGroup = (value: (queue: QueueState) => number) =>
    queues.map((queue) => ({
      labels: { queue: queue.stream, group: queue.group, type: queue.type, lane: queue.lane },
      value: value(queue),
    }));
  return {
    mcp_redis_up: one(1),
    mcp_redis_state_known: one(unreadable.length === 0 && deadLetters !== undefined ? 1 : 0),
    mcp_redis_snapshot_duration_seconds: one(tookSeconds),
    mcp_redis_memory_used_ratio: limitBytes === 0 ? [] : one(memory.usedBytes / limitBytes),
    mcp_redis_memory_fragmentation_ratio: one(memory.fragmentationRatio),
    mcp_redis_persistence_ok: server.persistence.map(({ kind, ok }) => ({ labels: { kind }, value: ok ? 1 : 0 })),
    mcp_redis_replication_ok: one(server.replicationOk ? 1 : 0),
    mcp_redis_connected_replicas: one(server.connectedReplicas),
    mcp_redis_evicted_keys: one(server.evictedKeys),
    mcp_rate_limit_enabled: one(controls.rateLimit.enabled ? 1 : 0),
    mcp_operator_override: overrides(controls, deps),
    mcp_dlq_depth: deadLetters === undefined ? [] : one(deadLetters),
    mcp_redis_server_info: [{ labels: { name: server.name, version: server.version }, value: 1 }],
    mcp_queue_depth: perQueue((queue) => queue.depth),
    mcp_oldest_task_age_seconds: perQueue((queue) => queue.oldestAgeSeconds),
    mcp_consumer_group_lag: perGroup((queue) => queue.lag),
    mcp_consumer_group_pending: perGroup((queue) => queue.pending),
    mcp_tasks_unaccounted: perLane((queue) => queue.unaccounted),
    mcp_unserved_tasks: unservedTypes(snapshot, deps.known).map(({ type, tasks }) => ({
      labels: { type },
      value: tasks,
    })),
    mcp_delayed_tasks: perLane((queue) => queue.delayed),
    mcp_oldest_overdue_seconds: perLane((queue) => queue.overdueSeconds),
  };
}

/** The settings that an operator has changed. Each stays different from the configuration until it is reset. */
function overrides(
  { expressBypass, paused, rateLimit }: QueueSnapshot["controls"],
  { configured, supervisor, types }: GaugeDeps,
): { labels: { override: OperatorOverride; type: string }; value: number }[] {
  const { rateLimitPerSecond, workersPerType } = configured;
  const limited = rateLimit.enabled && (rateLimitPerSecond === 0 || rateLimit.perSecond !== rateLimitPerSecond);
  const lifted = !rateLimit.enabled && rateLimitPerSecond > 0;
  const sample = (override: OperatorOverride, type: string, on: boolean) => ({
    labels: { override, type },
    value: on ? 1 : 0,
  });
  return [
    sample("rate_limit", "", limited || lifted),
    sample("express_bypass", "", expressBypass),
    ...types.map((type) => sample("paused", type, paused.includes(type))),
    ...types.map((type) =>
      sample("workers", type, workersPerType !== undefined && supervisor.wanted(type) !== workersPerType),
    ),
  ];
}
