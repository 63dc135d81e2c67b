import type { QueueSnapshot, QueueState } from "../queue/inspect/snapshot.ts";
import { redisErrorKind } from "../redis/redisError.ts";
import { within } from "../within.ts";
import type { AckWindow } from "./ackWindow.ts";
import { UPSTREAMS } from "./contract.ts";
import type { Gauges } from "./registry.ts";

/** A scrape waits so long for Redis; /metrics as a whole has a second. */
const SNAPSHOT_DEADLINE_MS = 500;

export type GaugeDeps = {
  readonly types: readonly string[];
  readonly version: string;
  readonly readSnapshot: () => Promise<QueueSnapshot>;
  readonly supervisor: {
    status(): readonly { readonly type: string; readonly active: boolean; readonly rssBytes: number }[];
    wanted(type: string): number;
    circuits(): readonly number[];
  };
  readonly ackWindow: AckWindow;
};

/**
 * Reads all gauges for one scrape, within a bounded time. Where Redis does not answer, its gauges are absent: an old
 * depth, or a depth of 0, would be a lie that an alert believes.
 */
export function createGaugeReader(deps: GaugeDeps): () => Promise<Gauges> {
  let reading: Promise<Gauges> | undefined;
  return async () => {
    // One reading at a time, however many scrape while Redis hangs.
    reading ??= deps
      .readSnapshot()
      .then(snapshotGauges)
      .catch((error) => ({ mcp_redis_up: [{ labels: {}, value: answered(error) ? 1 : 0 }] }))
      .finally(() => {
        reading = undefined;
      });
    const late: Gauges = { mcp_redis_up: [{ labels: {}, value: 0 }] };
    return { ...processGauges(deps), ...(await within(reading, SNAPSHOT_DEADLINE_MS, late)) };
  };
}

/** An error answer is an answer: Redis is up, whatever it thinks of the question. */
function answered(error: unknown): boolean {
  const kind = redisErrorKind(error);
  return kind !== "timeout" && kind !== "connection";
}

/** What this process knows without asking anybody. */
function processGauges({ ackWindow, supervisor, types, version }: GaugeDeps): Gauges {
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
    mcp_ack_success_rate: ackWindow.read().map(({ type, lane, rate }) => ({ labels: { type, lane }, value: rate })),
  };
}

/** What only Redis knows. */
function snapshotGauges({ controls, deadLetters, memory, queues, server }: QueueSnapshot): Gauges {
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
    mcp_redis_up: [{ labels: {}, value: 1 }],
    mcp_redis_memory_used_ratio: [
      { labels: {}, value: memory.maxBytes === 0 ? 0 : memory.usedBytes / memory.maxBytes },
    ],
    mcp_rate_limit_enabled: [{ labels: {}, value: controls.rateLimit.enabled ? 1 : 0 }],
    mcp_dlq_depth: deadLetters === undefined ? [] : [{ labels: {}, value: deadLetters }],
    mcp_redis_server_info: [{ labels: { name: server.name, version: server.version }, value: 1 }],
    mcp_queue_depth: perQueue((queue) => queue.depth),
    mcp_oldest_task_age_seconds: perQueue((queue) => queue.oldestAgeSeconds),
    mcp_consumer_group_lag: perGroup((queue) => queue.lag),
    mcp_consumer_group_pending: perGroup((queue) => queue.pending),
    mcp_tasks_unaccounted: queues.map(({ lane, type, unaccounted }) => ({
      labels: { type, lane },
      value: unaccounted,
    })),
  };
}
