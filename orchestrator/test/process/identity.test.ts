import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

const keys = createKeys("mcp");
const TASKS = 40;
/** Long enough that both lanes of two workers are full while each searches for lost entries. */
const TAKES_MS = 1_500;

describe("two replicas", () => {
  it.each([
    ["without an INSTANCE_ID", {}],
    ["with the same INSTANCE_ID", { INSTANCE_ID: "twin" }],
  ])("%s run each task once, and warn that they share a name", async (_, identity) => {
    await using redis = await startRedis();
    const environment = { REDIS_URL: redis.url, ORPHAN_MIN_IDLE_MS: "20000", ...identity };
    await using one = await ServiceProcess.create(environment);
    await using other = await ServiceProcess.create(environment);
    await Promise.all([one.start(), other.start()]);
    await Promise.all([one.ready(), other.ready()]);
    const ids = await one.submit(TASKS, { takesMs: TAKES_MS });
    await one.drained();
    const started = await one.started();
    expect(started.toSorted()).toEqual(ids.toSorted());
    expect(await one.states(ids)).toEqual({ completed: TASKS });
    const consumers = (await redis.client.xinfo(
      "CONSUMERS",
      keys.queue("reasoning", "express").stream,
      "mcp_express_reasoning",
    )) as unknown[][];
    expect(new Set(consumers.map(([, name]) => name)).size).toBe(2);
    for (const service of [one, other]) {
      await service.until(
        () => service.output,
        (output) => output.includes("give each replica its own INSTANCE_ID"),
      );
      expect(await service.metric("mcp_late_finishes_total")).toBe(0);
      expect(await service.metric("mcp_tasks_unaccounted")).toBe(0);
    }
  });
});

describe("a replica that restarts", () => {
  // With these, entries of others become orphans after a minute. Entries claimed sooner were released.
  const slow = { ORPHAN_MIN_IDLE_MS: "60000", ORPHAN_RECOVERY_INTERVAL_MS: "30000" };

  it("after a crash claims at once the tasks that its former process had started", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url, ...slow });
    await service.start();
    await service.ready();
    const ids = await service.submit(6, { takesMs: TAKES_MS });
    await service.until(
      () => service.started(),
      (started) => started.length === 6,
    );
    service.kill("SIGKILL");
    await service.exited();
    const fromMs = performance.now();
    await service.start();
    await service.drained();
    expect(performance.now() - fromMs).toBeLessThan(20_000);
    expect(await service.states(ids)).toEqual({ completed: 6 });
    expect(service.output).toMatch(/has ended: 6 of its entries are released/);
    // The former process is removed.
    expect(await redis.client.hlen(keys.instances)).toBe(1);
  });

  it("after a stop leaves no consumer and no replica entry", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url, ...slow });
    await service.start();
    await service.ready();
    await service.submit(3);
    await service.drained();
    service.kill("SIGTERM");
    expect(await service.exited()).toBe(0);
    const { stream, group } = keys.queue("reasoning", "express");
    expect(await redis.client.xinfo("CONSUMERS", stream, group)).toEqual([]);
    expect(await redis.client.hlen(keys.instances)).toBe(0);
    expect(await redis.client.zcard(keys.heartbeats)).toBe(0);
  });
});

it("a type that is no longer configured is shown, counted and logged, and makes the service unhealthy", async () => {
  await using redis = await startRedis();
  const handlers = fileURLToPath(new URL("./fixtures/handlers.ts", import.meta.url));
  await using service = await ServiceProcess.create({ REDIS_URL: redis.url });
  const module = await service.file(
    "handlers.ts",
    `import handlers from ${JSON.stringify(handlers)};\nexport default [...handlers, { type: "old", run: async () => "done" }];\n`,
  );
  await using before = await ServiceProcess.create({ REDIS_URL: redis.url, HANDLERS: module }, {});
  await before.start();
  await before.submit(3, {}, "old");
  await service.start();
  await service.ready();
  // While a replica with this type is present, the type is served.
  const queues = async () =>
    (await service.get("/api/v1/queues")).body as { queues: { type: string }[]; unserved_types: unknown[] };
  await service.until(queues, ({ queues: all }) => all.some(({ type }) => type === "old"));
  expect((await queues()).unserved_types).toEqual([]);
  expect((await service.get("/readyz")).body).toMatchObject({ ready: true, healthy: true });

  before.kill("SIGTERM");
  await before.exited();
  await service.until(queues, ({ unserved_types: unserved }) => unserved.length > 0);
  expect((await queues()).unserved_types).toEqual([{ type: "old", tasks: 3 }]);
  expect(await service.metric("mcp_unserved_tasks", 'type="old"')).toBe(3);
  expect(await service.metric("mcp_queue_depth", 'type="old"')).toBe(3);
  const { status, body } = await service.get("/readyz");
  expect(status).toBe(200);
  expect(body).toMatchObject({ ready: true, healthy: false });
  expect(JSON.stringify(body)).toContain("no replica serves 3 tasks of type old");
  expect(service.output).toContain("Check of task types failed: no replica serves 3 tasks of type old");

  await using again = await ServiceProcess.create({ REDIS_URL: redis.url, HANDLERS: module }, { old: 1 });
  await again.start();
  await again.drained();
  await service.until(
    () => service.get("/readyz"),
    ({ body: report }) => (report as { healthy: boolean }).healthy,
  );
  expect(await service.metric("mcp_unserved_tasks")).toBeUndefined();
  expect(await service.metric("mcp_queue_depth", 'type="old"')).toBeUndefined();
});
