import { afterAll, beforeAll, expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

/** Gauges by which an operator sees what would otherwise stay hidden: left-over switches, overdue retries, no state. */

const keys = createKeys("mcp");
let redis: RedisServer;
let service: ServiceProcess;
beforeAll(async () => {
  redis = await startRedis();
  // The promoter sleeps for as long as the test: what is overdue stays overdue.
  service = await ServiceProcess.create({ REDIS_URL: redis.url, PROMOTE_INTERVAL_MS: "60000" }, {});
  await service.start();
  await service.until(
    () => service.metric("mcp_redis_state_known"),
    (known) => known === 1,
  );
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

const override = (name: string, type = "") =>
  service.metric("mcp_operator_override", `override="${name}",type="${type}"`);

it.each([
  { name: "rate_limit", on: "rate-limit/enable", off: "rate-limit/disable", body: { per_second: 0 } },
  { name: "express_bypass", on: "express-bypass/enable", off: "express-bypass/disable" },
  { name: "paused", type: "ml", on: "types/ml/pause", off: "types/ml/resume" },
])(
  "$name is shown while an operator has changed it, and not before or after",
  async ({ name, type, on, off, body }) => {
    expect(await override(name, type)).toBe(0);
    await service.post(`/api/v1/admin/${on}`, body ?? {});
    expect(await override(name, type)).toBe(1);
    await service.post(`/api/v1/admin/${off}`, {});
    expect(await override(name, type)).toBe(0);
  },
);

it("a number of workers other than the configured one is shown for its type alone", async () => {
  expect(await override("workers", "ml")).toBe(0);
  await service.scale("ml", 1);
  expect(await override("workers", "ml")).toBe(1);
  expect(await override("workers", "reasoning")).toBe(0);
  await service.scale("ml", 0);
  expect(await override("workers", "ml")).toBe(0);
});

it("counts delayed tasks and says how long the first of them has been overdue", async () => {
  const labels = `type="ml",lane="regular"`;
  expect(await service.metric("mcp_delayed_tasks", labels)).toBe(0);
  expect(await service.metric("mcp_oldest_overdue_seconds", labels)).toBe(0);
  const set = keys.delayed("ml", "regular");
  await redis.client.zadd(set, Date.now() + 60_000, "later", Date.now() - 90_000, "overdue");
  expect(await service.metric("mcp_delayed_tasks", labels)).toBe(2);
  const overdue = await service.metric("mcp_oldest_overdue_seconds", labels);
  expect(overdue).toBeGreaterThanOrEqual(90);
  expect(overdue).toBeLessThan(120);
  await redis.client.del(set);
  expect(await service.metric("mcp_oldest_overdue_seconds", labels)).toBe(0);
});

it("measures memory against the host where maxmemory is not set, and against maxmemory where it is", async () => {
  const unlimited = await service.metric("mcp_redis_memory_used_ratio");
  expect(unlimited).toBeGreaterThan(0);
  expect(unlimited).toBeLessThan(0.5);
  await redis.client.config("SET", "maxmemory", "1gb");
  const [, used = "0"] = /^used_memory:(\d+)/m.exec(await redis.client.info("memory")) ?? [];
  expect(await service.metric("mcp_redis_memory_used_ratio")).toBeCloseTo(Number(used) / 1024 ** 3, 2);
  await redis.client.config("SET", "maxmemory", "0");
});

it("says that the state is not known while a queue cannot be read, and knows it again afterwards", async () => {
  const { stream } = keys.queue("ml", "express");
  await redis.client.set(stream, "not a stream");
  expect(await service.metric("mcp_redis_state_known")).toBe(0);
  expect(await service.metric("mcp_redis_up")).toBe(1);
  await redis.client.del(stream);
  expect(await service.metric("mcp_redis_state_known")).toBe(1);
});

it("reports persistence, replication and evictions of Redis", async () => {
  expect(await service.metric("mcp_redis_persistence_ok", `kind="rdb"`)).toBe(1);
  expect(await service.metric("mcp_redis_replication_ok")).toBe(1);
  expect(await service.metric("mcp_redis_connected_replicas")).toBe(0);
  expect(await service.metric("mcp_redis_evicted_keys")).toBe(0);
  expect(await service.metric("mcp_redis_memory_fragmentation_ratio")).toBeGreaterThan(0);
  expect(await service.metric("mcp_redis_snapshot_duration_seconds")).toBeGreaterThan(0);
});
