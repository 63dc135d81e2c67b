import { expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

/** The units have tests of their own limits. These run the service, which has to pass its settings to them. */

it("each configured limit of intake applies, and each rejected task is counted once", async () => {
  await using redis = await startRedis();
  await using service = await ServiceProcess.create(
    { REDIS_URL: redis.url, RATE_LIMIT_PER_SECOND: "0.01", MAX_QUEUE_DEPTH: "5", REDIS_MEMORY_CEILING: "0.5" },
    {},
  );
  await service.start();
  const submit = (count: number) =>
    service.post("/api/v1/tasks/batch", { tasks: new Array(count).fill({ type: "ml", payload: { journal: "x" } }) });
  const rejected = async () => ({
    rate_limit: await service.metric("mcp_tasks_submitted_total", 'type="ml",lane="regular",cause="rate_limit"'),
    overload: await service.metric("mcp_tasks_submitted_total", 'type="ml",lane="regular",cause="overload"'),
  });

  expect(await submit(1)).toMatchObject({ status: 202 });
  expect(await submit(3)).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
  expect(await rejected()).toEqual({ rate_limit: 3, overload: 0 });

  await service.post("/api/v1/admin/rate-limit/disable", {});
  expect(await submit(4)).toMatchObject({ status: 202 });
  const deep = { status: 503, body: { code: "OVERLOADED", detail: expect.stringContaining("is at its depth limit") } };
  expect(await submit(2)).toMatchObject(deep);
  expect(await rejected()).toEqual({ rate_limit: 3, overload: 2 });

  const [, used] = /used_memory:(\d+)/.exec(await redis.client.info("memory")) ?? [];
  await redis.client.config("SET", "maxmemory", String(Math.round(Number(used) / 0.6)));
  const full = { status: 503, body: { detail: expect.stringContaining("memory of Redis is nearly full") } };
  // A reading of the memory is valid for half a second.
  await service.until(
    () => submit(1),
    ({ body }) => JSON.stringify(body).includes("nearly full"),
  );
  const before = await rejected();
  expect(await submit(7)).toMatchObject(full);
  expect(await rejected()).toEqual({ rate_limit: 3, overload: (before.overload ?? 0) + 7 });
  expect(await service.metric("mcp_tasks_enqueued_total", 'type="ml"')).toBe(5);
});

it("each configured limit of payloads, attempts, results and dead letters applies", async () => {
  await using redis = await startRedis();
  await using service = await ServiceProcess.create({
    REDIS_URL: redis.url,
    MAX_PAYLOAD_BYTES: "500",
    MAX_ATTEMPTS: "3",
    MAX_RESULT_BYTES: "100",
    RESULT_TTL_SECONDS: "77",
    DLQ_MAX_ENTRIES: "4",
    DLQ_MAX_AGE_SECONDS: "60",
    JANITOR_INTERVAL_MS: "200",
  });
  const keys = createKeys("mcp");
  await service.start();
  await service.ready();
  const submit = (payload: object, taskId?: string) =>
    service.post("/api/v1/tasks", {
      ...{ type: "reasoning", priority: 15, payload: { journal: service.journal, ...payload } },
      ...(taskId === undefined ? {} : { task_id: taskId }),
    });
  const ended = async (taskId: string) => {
    const { body } = await service.until(
      () => service.get(`/api/v1/tasks/${taskId}`),
      ({ body: view }) => ["completed", "failed"].includes((view as { status: string }).status),
    );
    return body;
  };

  expect(await submit({ padding: "x".repeat(500) })).toMatchObject({ status: 413 });
  await submit({}, "short");
  await submit({}, "x".repeat(101));
  await submit({ failures: 2 }, "lucky");
  await submit({ failures: 3 }, "unlucky");
  expect(await ended("short")).toMatchObject({ status: "completed", result: { task: "short" } });
  expect(await ended("lucky")).toMatchObject({ status: "completed", attempts: 3 });
  expect(await ended("unlucky")).toMatchObject({ status: "failed", attempts: 3, error: { message: "as asked" } });
  expect(await ended("x".repeat(101))).toMatchObject({ status: "failed", error: { code: "RESULT_TOO_LARGE" } });
  const [plain] = await service.submit(1);
  await ended(plain ?? "");
  const results = await redis.client.keys(`${keys.resultsPrefix("reasoning", "express")}*`);
  expect(results).toHaveLength(1);
  for (const key of [keys.task("short"), ...results]) {
    const seconds = await redis.client.ttl(key);
    expect(seconds, key).toBeLessThanOrEqual(77);
    expect(seconds, key).toBeGreaterThan(47);
  }

  const discarded = async () => ({
    limit: await service.metric("mcp_dead_letters_discarded_total", 'reason="limit"'),
    age: await service.metric("mcp_dead_letters_discarded_total", 'reason="age"'),
  });
  expect(await discarded()).toEqual({ limit: 0, age: 0 });
  await redis.client.del(keys.deadLetters);
  await redis.client.xadd(keys.deadLetters, `${Date.now() - 60_000}-0`, "task_id", "old");
  await service.until(discarded, ({ age }) => age === 1);
  for (let n = 0; n < 6; n++) await redis.client.xadd(keys.deadLetters, "*", "task_id", `new-${n}`);
  await service.until(discarded, ({ limit }) => limit === 2);
  expect(await discarded()).toEqual({ limit: 2, age: 1 });
  expect(await redis.client.xlen(keys.deadLetters)).toBe(4);
});
