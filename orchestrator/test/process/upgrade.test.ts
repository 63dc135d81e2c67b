import { describe, expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { type Fixture, readFixture, writeKeyspace } from "../support/keyspace.ts";
import { startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

const keys = createKeys("mcp");

/** The expected status of tasks whose kind is not a status itself. */
const STATUS: Readonly<Record<string, string>> = { later: "delayed", paused: "queued" };

function idsOf({ tasks }: Fixture, ...kinds: string[]): string[] {
  return Object.keys(tasks).filter((id) => kinds.includes(tasks[id] as string));
}

type View = { status: string; attempts: number; result?: unknown; dead_letter_id?: string };

async function viewOf(service: ServiceProcess, id: string): Promise<View> {
  return (await service.get(`/api/v1/tasks/${id}`)).body as View;
}

async function viewsOf(service: ServiceProcess, ids: readonly string[]): Promise<Record<string, View>> {
  return Object.fromEntries(await Promise.all(ids.map(async (id) => [id, await viewOf(service, id)])));
}

describe("data of the release without a schema version", () => {
  it("are read like by that release, before any task moves", async () => {
    await using redis = await startRedis();
    const fixture = readFixture("1.0");
    await writeKeyspace(redis.client, fixture.keys);
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url }, {});
    await service.start();
    const views = await viewsOf(service, Object.keys(fixture.tasks));
    expect(Object.fromEntries(Object.entries(views).map(([id, { status }]) => [id, status]))).toEqual(
      Object.fromEntries(Object.entries(fixture.tasks).map(([id, kind]) => [id, STATUS[kind] ?? kind])),
    );
    for (const id of idsOf(fixture, "completed")) expect(views[id]?.result).toEqual({ task: id });
    expect((await service.get("/api/v1/queues")).body).toMatchObject({
      dead_letters: 2,
      controls: { rate_limit: { enabled: true, per_second: 1000 }, express_bypass: true, paused: ["ml"] },
    });
    expect(await service.metric("mcp_tasks_unaccounted")).toBe(0);
    expect(await redis.client.get(keys.schema)).toBe("1.1");
    expect(service.output).toContain("no version was stored");
  });

  it("are processed: every task ends, finished tasks stay finished, and no task runs twice", async () => {
    await using redis = await startRedis();
    // Tasks that were due within a minute are due now; the one that was due in an hour is not.
    const fixture = readFixture("1.0", 60_000);
    await writeKeyspace(redis.client, fixture.keys);
    const environment = { REDIS_URL: redis.url, MAX_ATTEMPTS: "3" };
    await using service = await ServiceProcess.create(environment, { reasoning: 1, codegen: 1, ml: 1 });
    await service.start();
    await service.ready();
    const paused = idsOf(fixture, "paused");
    const open = idsOf(fixture, "running", "queued", "retrying", "delayed");
    await service.until(
      () => service.states(open),
      ({ completed }) => completed === open.length,
      30_000,
    );
    expect(await service.states([...paused, ...idsOf(fixture, "later")])).toEqual({ queued: 1, delayed: 1 });
    expect((await service.post("/api/v1/admin/types/ml/resume", {})).status).toBe(200);
    const letters = await viewsOf(service, idsOf(fixture, "failed"));
    for (const { dead_letter_id: letter } of Object.values(letters)) {
      expect((await service.post(`/api/v1/admin/dlq/${letter}/retry`, {})).body).toEqual({ retried: 1 });
    }
    // They fail again, and their new dead letters contain the earlier failures.
    await service.until(
      () => viewsOf(service, Object.keys(letters)),
      (again) =>
        Object.entries(again).every(
          ([id, { status, dead_letter_id: letter }]) => status === "failed" && letter !== letters[id]?.dead_letter_id,
        ),
      30_000,
    );
    const { items } = (await service.get("/api/v1/dlq")).body as { items: { task_id: string; history: unknown[] }[] };
    expect(items.map(({ task_id: id }) => id).toSorted()).toEqual(Object.keys(letters).toSorted());
    expect(items.map(({ history }) => history.length)).toEqual([1, 1]);
    await service.until(
      () => service.states(paused),
      ({ completed }) => completed === 1,
    );
    // One start per task, or three attempts if it fails.
    const starts = Object.groupBy(await service.started(), (id) => id);
    expect(Object.fromEntries(Object.entries(starts).map(([id, all]) => [id, all?.length]))).toEqual(
      Object.fromEntries([...[...open, ...paused].map((id) => [id, 1]), ...Object.keys(letters).map((id) => [id, 3])]),
    );
    expect(await service.states(idsOf(fixture, "completed"))).toEqual({ completed: 5 });
    expect(await service.states(idsOf(fixture, "later"))).toEqual({ delayed: 1 });
    expect(await service.metric("mcp_tasks_unaccounted")).toBe(0);
  });
});

describe("a schema that this release does not know", () => {
  it.each([
    ["2.0", "have schema 2.0, but this release supports schema 1"],
    ["soup", "does not contain a schema version: soup"],
  ])("%s ends the start with status 78, and no data change", async (stored, message) => {
    await using redis = await startRedis();
    const fixture = readFixture("1.0", 60_000);
    await writeKeyspace(redis.client, fixture.keys);
    await redis.client.set(keys.schema, stored);
    const before = (await redis.client.keys("*")).toSorted();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url, WORKERS_PER_TYPE: "1" });
    service.spawn();
    expect(await service.exited()).toBe(78);
    expect(service.output).toContain(message);
    expect((await redis.client.keys("*")).toSorted()).toEqual(before);
    expect(await redis.client.get(keys.schema)).toBe(stored);
    expect(await redis.client.zcard(keys.delayed("reasoning", "regular"))).toBe(2);
  });

  it("ends a service that started before its Redis, and a running one; no task is lost", async () => {
    await using redis = await startRedis("--appendonly", "yes");
    await redis.client.set(keys.schema, "2.0");
    await redis.client.xadd("mcp:queue:reasoning", "*", "payload", "{}");
    await redis.stop();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url });
    await service.start();
    await redis.start();
    expect(await service.exited()).toBe(78);
    expect(await redis.client.xlen("mcp:queue:reasoning")).toBe(1);
    expect(await redis.client.exists(keys.instances)).toBe(0);

    await redis.client.set(keys.schema, "1.7");
    await service.start();
    await service.ready();
    // A newer minor version stays.
    expect(await redis.client.get(keys.schema)).toBe("1.7");
    await redis.client.set(keys.schema, "2.0");
    expect(await service.exited()).toBe(78);
  });

  it("is written again after the data were deleted", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url });
    await service.start();
    await service.ready();
    await redis.client.flushall();
    await service.until(
      () => redis.client.get(keys.schema),
      (stored) => stored === "1.1",
      20_000,
    );
  });
});
