import { expect, it } from "vitest";
import { createKeys } from "../keys.ts";
import type { QueueSnapshot, QueueState } from "../queue/inspect/snapshot.ts";
import { AckWindow } from "./ackWindow.ts";
import { UPSTREAMS } from "./contract.ts";
import { createGaugeReader, type GaugeDeps } from "./gauges.ts";
import { createLayout } from "./layout.ts";
import { ServiceMetrics } from "./serviceMetrics.ts";

const TYPES = ["ml", "chat"];
const KEYS = createKeys("mcp");

/** All numbers are different, so that the test notices if two are swapped. */
function queueStates(): QueueState[] {
  return TYPES.flatMap((type) => KEYS.queues(type)).map((queue, at) => ({
    ...queue,
    depth: 100 + at,
    pending: 200 + at,
    lag: 300 + at,
    oldestAgeSeconds: 400 + at,
    delayed: 500 + at,
    overdueSeconds: 600 + at,
    unaccounted: 700 + at,
    writtenOff: 800 + at,
  }));
}

const SNAPSHOT: QueueSnapshot = {
  nowMs: 1_000,
  queues: queueStates(),
  unreadable: [],
  deadLetters: 17,
  server: {
    name: "valkey",
    version: "9.1.2",
    compatibleVersion: "7.2.4",
    memory: { usedBytes: 30, maxBytes: 120, systemBytes: 3_000, fragmentationRatio: 1.25 },
    persistence: [
      { kind: "rdb", ok: true },
      { kind: "aof", ok: false },
    ],
    replicationOk: false,
    connectedReplicas: 3,
    evictedKeys: 11,
  },
  controls: { rateLimit: { enabled: true, perSecond: 5 }, expressBypass: true, paused: ["chat"] },
};

function setUp(overrides: Partial<GaugeDeps> = {}) {
  const metrics = new ServiceMetrics(createLayout(TYPES));
  const ackWindow = new AckWindow(metrics, () => 0);
  metrics.telemetry.lane("chat", "regular").ackAttempts(1, 3);
  let nowMs = 0;
  return createGaugeReader({
    known: { types: ["reasoning"], serves: () => true },
    types: TYPES,
    version: "1.2.3",
    readSnapshot: async () => SNAPSHOT,
    supervisor: {
      status: () => [
        { type: "ml", active: true, rssBytes: 10 },
        { type: "ml", active: false, rssBytes: 20 },
        { type: "chat", active: true, rssBytes: 40 },
        { type: "ml", active: true, rssBytes: 80 },
      ],
      wanted: (type) => (type === "ml" ? 3 : 4),
      circuits: () => [2, 1],
    },
    ackWindow,
    configured: { rateLimitPerSecond: 0, workersPerType: 3 },
    now: () => (nowMs += 250),
    ...overrides,
  });
}

const plain = (value: number) => [{ labels: {}, value }];

it("gives each gauge its own value", async () => {
  const perQueue = (value: number) =>
    SNAPSHOT.queues.map(({ stream, type, lane }, at) => ({ labels: { queue: stream, type, lane }, value: value + at }));
  const perGroup = (value: number) =>
    SNAPSHOT.queues.map(({ stream, group, type, lane }, at) => {
      return { labels: { queue: stream, group, type, lane }, value: value + at };
    });
  const perLane = (value: number) =>
    SNAPSHOT.queues.map(({ type, lane }, at) => ({ labels: { type, lane }, value: value + at }));
  const perType = (ml: number, chat: number) => [
    { labels: { type: "ml" }, value: ml },
    { labels: { type: "chat" }, value: chat },
  ];
  expect(await setUp()()).toEqual({
    mcp_build_info: [{ labels: { version: "1.2.3" }, value: 1 }],
    mcp_active_workers: perType(2, 1),
    mcp_expected_workers: perType(3, 4),
    mcp_workers_resident_memory_bytes: perType(110, 40),
    mcp_circuit_state: UPSTREAMS.map((upstream, at) => ({ labels: { upstream }, value: [2, 1][at] })),
    mcp_ack_success_rate: [
      { labels: { type: "ml", lane: "express" }, value: 1 },
      { labels: { type: "ml", lane: "regular" }, value: 1 },
      { labels: { type: "chat", lane: "express" }, value: 1 },
      { labels: { type: "chat", lane: "regular" }, value: 0.25 },
    ],
    mcp_redis_up: plain(1),
    mcp_redis_state_known: plain(1),
    mcp_redis_snapshot_duration_seconds: plain(0.25),
    mcp_redis_memory_used_ratio: plain(0.25),
    mcp_redis_memory_fragmentation_ratio: plain(1.25),
    mcp_redis_persistence_ok: [
      { labels: { kind: "rdb" }, value: 1 },
      { labels: { kind: "aof" }, value: 0 },
    ],
    mcp_redis_replication_ok: plain(0),
    mcp_redis_connected_replicas: plain(3),
    mcp_redis_evicted_keys: plain(11),
    mcp_rate_limit_enabled: plain(1),
    mcp_operator_override: [
      { labels: { override: "rate_limit", type: "" }, value: 1 },
      { labels: { override: "express_bypass", type: "" }, value: 1 },
      { labels: { override: "paused", type: "ml" }, value: 0 },
      { labels: { override: "paused", type: "chat" }, value: 1 },
      { labels: { override: "workers", type: "ml" }, value: 0 },
      { labels: { override: "workers", type: "chat" }, value: 1 },
    ],
    mcp_dlq_depth: plain(17),
    mcp_redis_server_info: [{ labels: { name: "valkey", version: "9.1.2" }, value: 1 }],
    mcp_queue_depth: perQueue(100),
    mcp_oldest_task_age_seconds: perQueue(400),
    mcp_consumer_group_lag: perGroup(300),
    mcp_consumer_group_pending: perGroup(200),
    mcp_unserved_tasks: [],
    mcp_tasks_unaccounted: perLane(700),
    mcp_delayed_tasks: perLane(500),
    mcp_oldest_overdue_seconds: perLane(600),
  });
});

const memory = (maxBytes: number, systemBytes: number) => ({ ...SNAPSHOT.server.memory, maxBytes, systemBytes });

it.each([
  ["maxmemory", memory(120, 3_000), plain(0.25)],
  ["the memory of the host if maxmemory is 0", memory(0, 300), plain(0.1)],
  ["nothing if neither is known", memory(0, 0), []],
] as const)("compares used memory with %s", async (_, limits, expected) => {
  const snapshot = { ...SNAPSHOT, server: { ...SNAPSHOT.server, memory: limits } };
  const gauges = await setUp({ readSnapshot: async () => snapshot })();
  expect(gauges.mcp_redis_memory_used_ratio).toEqual(expected);
});

it("reports an unknown state if a queue or the dead letters cannot be read, and shows the rest", async () => {
  const unreadable = [{ type: "ml", lane: "express", stream: "mcp:queue:ml:express", error: "WRONGTYPE" }] as const;
  const partly = { ...SNAPSHOT, queues: SNAPSHOT.queues.slice(1), unreadable };
  const gauges = await setUp({ readSnapshot: async () => partly })();
  expect(gauges.mcp_redis_up).toEqual(plain(1));
  expect(gauges.mcp_redis_state_known).toEqual(plain(0));
  expect(gauges.mcp_queue_depth).toHaveLength(3);
  const without = await setUp({ readSnapshot: async () => ({ ...SNAPSHOT, deadLetters: undefined }) })();
  expect(without.mcp_redis_state_known).toEqual(plain(0));
  expect(without.mcp_dlq_depth).toEqual([]);
  expect(without.mcp_queue_depth).toHaveLength(4);
});

it.each([
  ["up", Object.assign(new Error("NOPERM no"), { name: "ReplyError" }), 1],
  ["up", Object.assign(new Error("OOM full"), { name: "ReplyError" }), 1],
  ["down", new Error("Command timed out"), 0],
  ["down", new Error("connect ECONNREFUSED 127.0.0.1:1"), 0],
] as const)("reports Redis as %s after %s, and omits its gauges", async (_, error, up) => {
  const gauges = await setUp({ readSnapshot: () => Promise.reject(error) })();
  expect(gauges.mcp_redis_up).toEqual(plain(up));
  expect(gauges.mcp_redis_state_known).toEqual(plain(0));
  expect(gauges.mcp_queue_depth).toBeUndefined();
  expect(gauges.mcp_dlq_depth).toBeUndefined();
  expect(gauges.mcp_active_workers).toHaveLength(2);
});

it("does not wait for a Redis that hangs, shares one reading meanwhile, and reads again afterwards", async () => {
  let reads = 0;
  const hang = Promise.withResolvers<QueueSnapshot>();
  const read = setUp({ readSnapshot: () => (++reads === 1 ? hang.promise : Promise.resolve(SNAPSHOT)) });
  const [first, second] = await Promise.all([read(), read()]);
  expect(reads).toBe(1);
  for (const gauges of [first, second]) {
    expect(gauges?.mcp_redis_up).toEqual(plain(0));
    expect(gauges?.mcp_queue_depth).toBeUndefined();
  }
  hang.resolve(SNAPSHOT);
  expect((await read()).mcp_queue_depth).toHaveLength(4);
  expect((await read()).mcp_redis_up).toEqual(plain(1));
  expect(reads).toBeGreaterThanOrEqual(2);
});

it.each([
  ["on, as configured", { enabled: true, perSecond: 5 }, 5, 0],
  ["on, with another rate", { enabled: true, perSecond: 6 }, 5, 1],
  ["on, but not configured", { enabled: true, perSecond: 0 }, 0, 1],
  ["off, but configured", { enabled: false, perSecond: 5 }, 5, 1],
  ["off, and not configured", { enabled: false, perSecond: 0 }, 0, 0],
] as const)(
  "reports an override only if it differs: rate limit %s",
  async (_, rateLimit, rateLimitPerSecond, value) => {
    const snapshot = { ...SNAPSHOT, controls: { rateLimit, expressBypass: false, paused: [] } };
    const configured = { rateLimitPerSecond, workersPerType: undefined };
    const { mcp_operator_override: overrides, mcp_rate_limit_enabled: enabled } = await setUp({
      readSnapshot: async () => snapshot,
      configured,
    })();
    expect(overrides?.map((sample) => sample.value)).toEqual([value, 0, 0, 0, 0, 0]);
    expect(enabled).toEqual(plain(rateLimit.enabled ? 1 : 0));
  },
);

it("counts the tasks of types that no replica serves, and only those", async () => {
  const known = { types: TYPES, serves: (type: string) => type !== "ml" };
  const { mcp_unserved_tasks: unserved } = await setUp({ known })();
  const tasks = SNAPSHOT.queues
    .filter(({ type }) => type === "ml")
    .reduce((sum, { depth, delayed }) => sum + depth + delayed, 0);
  expect(tasks).toBeGreaterThan(0);
  expect(unserved).toEqual([{ labels: { type: "ml" }, value: tasks }]);
});
