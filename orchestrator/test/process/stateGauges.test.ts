import { afterAll, beforeAll, expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

/** Gauges that show an operator hidden states: left-over switches, overdue retries, an unknown state. */

const keys = createKeys("mcp");
let redis: RedisServer;
let service: ServiceProcess;
beforeAll(async () => {
  redis = await startRedis();
  // The promoter sleeps longer than the test, so overdue tasks stay overdue.
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
])("$name is reported only while an operator has changed it", async ({ name, type, on, off, body }) => {
  expect(await override(name, type)).toBe(0);
  await service.post(`/api/v1/admin/${on}`, body ?? {});
  expect(await override(name, type)).toBe(1);
  await service.post(`/api/v1/admin/${off}`, {});
  expect(await override(name, type)).toBe(0);
});

it("a changed number of workers is reported only for its type", async () => {
  expect(await override("workers", "ml")).toBe(0);
  await service.scale("ml", 1);
  expect(await override("workers", "ml")).toBe(1);
  expect(await override("workers", "reasoning")).toBe(0);
  await service.scale("ml", 0);
  expect(await override("workers", "ml")).toBe(0);
});

it("reports the number of delayed tasks, and how long the first has been overdue", async () => {
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

it("compares memory with maxmemory, or with the host if maxmemory is not set", async () => {
  const unlimited = await service.metric("mcp_redis_memory_used_ratio");
  expect(unlimited).toBeGreaterThan(0);
  expect(unlimited).toBeLessThan(0.5);
  await redis.client.config("SET", "maxmemory", "1gb");
  const [, used = "0"] = /^used_memory:(\d+)/m.exec(await redis.client.info("memory")) ?? [];
  expect(await service.metric("mcp_redis_memory_used_ratio")).toBeCloseTo(Number(used) / 1024 ** 3, 2);
  await redis.client.config("SET", "maxmemory", "0");
});

it("reports an unknown state only while a queue cannot be read", async () => {
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
  expect(await service.metric("mcp_redis_command_duration_seconds_count")).toBeGreaterThan(0);
  expect(await service.metric("mcp_redis_command_duration_seconds_sum")).toBeGreaterThan(0);
});
