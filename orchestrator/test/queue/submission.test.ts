import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisUnavailableError, RejectedError } from "../../src/errors.ts";
import { Controls } from "../../src/queue/controls.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import type { TaskRequest } from "../../src/queue/task.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { eventually } from "../support/eventually.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

let server: RedisServer;
let redis: RedisClient;
let lookup: TaskLookup;
beforeAll(async () => {
  server = await startRedis();
  redis = createRedis(server.settings(), "commands", "test");
  lookup = new TaskLookup(redis, keys, [TYPE]);
});
beforeEach(() => server.client.flushall());
afterAll(async () => {
  redis?.disconnect();
  await server?.[Symbol.asyncDispose]();
});

const { stream } = keys.queue(TYPE, "regular");
const express = keys.queue(TYPE, "express");
const task = (fields: Partial<TaskRequest> = {}): TaskRequest => ({
  type: TYPE,
  priority: 1,
  payloadJson: "{}",
  ...fields,
});
const tasks = (count: number) => Array.from({ length: count }, () => task());
const keysThere = () => server.client.keys("*");

describe("a submission", () => {
  it("is one task however often its id is submitted, also by two replicas at once", async () => {
    const other = createRedis(server.settings(), "commands", "replica");
    const replicas = [createSubmission(redis), createSubmission(other)];
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (replicas[at % 2] ?? createSubmission(redis)).submit([task({ taskId: "mine" })]),
      ),
    );
    other.disconnect();
    expect(receipts.flat().filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await redis.xlen(stream)).toBe(1);
    const [again] = await createSubmission(redis).submit([task({ taskId: "mine", delayMs: 5 })]);
    expect(again).toMatchObject({ duplicate: true, status: "queued" });
  });

  it("tells twins in one batch apart", async () => {
    const receipts = await createSubmission(redis).submit([task({ taskId: "a" }), task(), task({ taskId: "a" })]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
  });

  it("of an id whose entry somebody deleted is accepted again", async () => {
    const submission = createSubmission(redis);
    await submission.submit([task({ taskId: "lost" })]);
    await server.client.del(stream);
    expect(await lookup.find("lost")).toBeUndefined();
    expect(await submission.submit([task({ taskId: "lost" })])).toMatchObject([{ duplicate: false }]);
  });

  it("is refused as a whole when a queue would get too deep", async () => {
    const { telemetry, counts } = countingTelemetry();
    const submission = createSubmission(redis, { maxQueueDepth: 10, telemetry });
    await submission.submit(tasks(8));
    const refused = submission.submit([task({ priority: 20, taskId: "other-lane" }), ...tasks(3)]);
    await expect(refused).rejects.toMatchObject({ reason: "overload", code: "OVERLOADED" });
    expect(await redis.xlen(stream)).toBe(8);
    expect(await redis.xlen(express.stream)).toBe(0);
    expect(await lookup.find("other-lane")).toBeUndefined();
    expect(counts).toEqual({ "regular enqueued": 8, "rejected overload": 4 });
    await submission.submit(tasks(2));
  });

  it("is limited to a rate that all replicas share", async () => {
    const submission = createSubmission(redis, { rateLimitPerSecond: 100 });
    await submission.submit(tasks(100));
    const refused = createSubmission(redis, { rateLimitPerSecond: 100 }).submit(tasks(50));
    await expect(refused).rejects.toMatchObject({ reason: "rate_limit", retryAfterSeconds: 1 });
    await eventually(
      () => submission.submit(tasks(20)).catch((error) => error),
      (outcome) => Array.isArray(outcome),
      2_000,
    );
    expect(await redis.xlen(stream)).toBe(120);
  });

  it("passes a batch above the rate when the bucket is full, and makes the next one wait for the debt", async () => {
    const submission = createSubmission(redis, { rateLimitPerSecond: 10 });
    await submission.submit(tasks(100));
    await expect(submission.submit(tasks(1))).rejects.toSatisfy(
      (error) => error instanceof RejectedError && error.retryAfterSeconds >= 9 && error.retryAfterSeconds <= 10,
    );
  });

  it("is refused altogether while the switch is on without a rate, and duplicates are not", async () => {
    const submission = createSubmission(redis);
    const controls = new Controls(redis, keys, 0);
    await submission.submit([task({ taskId: "known" })]);
    expect(await controls.enableRateLimit()).toMatchObject({ rateLimit: { enabled: true, perSecond: 0 } });
    const before = await keysThere();
    await expect(submission.submit(tasks(1))).rejects.toMatchObject({ reason: "rate_limit", code: "RATE_LIMITED" });
    expect(await keysThere()).toEqual(before);
    expect(await submission.submit([task({ taskId: "known" })])).toMatchObject([{ duplicate: true }]);
    await controls.disableRateLimit();
    await submission.submit(tasks(1));
  });

  it("of an express task takes the regular lane while the bypass is on", async () => {
    const submission = createSubmission(redis);
    const controls = new Controls(redis, keys, 0);
    await controls.setExpressBypass(true);
    const [receipt] = await submission.submit([task({ priority: 20 })]);
    expect(receipt?.lane).toBe("regular");
    expect(await lookup.find(receipt?.taskId ?? "")).toMatchObject({ lane: "regular", status: "queued" });
    await controls.setExpressBypass(false);
    expect(await submission.submit([task({ priority: 20 })])).toMatchObject([{ lane: "express" }]);
  });

  it("is refused with overload when Redis is out of memory, and accepts again after", async () => {
    const submission = createSubmission(redis);
    await submission.submit(tasks(1));
    await server.client.config("SET", "maxmemory", "1mb");
    // The guard's last reading still says that all is well: Redis itself has to refuse.
    await expect(submission.submit(tasks(2))).rejects.toMatchObject({ reason: "overload" });
    await expect(createSubmission(redis).submit(tasks(2))).rejects.toMatchObject({ reason: "overload" });
    expect(await redis.xlen(stream)).toBe(1);
    await server.client.config("SET", "maxmemory", "0");
    await createSubmission(redis).submit(tasks(2));
    expect(await redis.xlen(stream)).toBe(3);
  });

  it("backlog is worked off although Redis is over its memory limit, which then accepts again", async () => {
    await createSubmission(redis).submit(tasks(500));
    await server.client.config("SET", "maxmemory", "1mb");
    const runner = startRunner(server, async () => "done");
    try {
      await eventually(
        () => redis.xlen(stream),
        (left) => left === 0,
        30_000,
      );
    } finally {
      await server.client.config("SET", "maxmemory", "0");
      await runner.drain(0);
    }
  });

  it("keeps ids in order when the clock went back", async () => {
    const future = Date.now() + 3_600_000;
    await server.client.xadd(stream, `${future}-7`, "task_id", "by-hand", "payload", "1");
    const receipts = await createSubmission(redis).submit(tasks(2));
    expect(receipts.map(({ taskId }) => taskId)).toEqual([
      `${TYPE}.regular.${future}-8`,
      `${TYPE}.regular.${future}-9`,
    ]);
    expect(await lookup.find(receipts[1]?.taskId ?? "")).toMatchObject({ status: "queued" });
  });

  it("for later waits, is found by its id, and is promoted once though two replicas try", async () => {
    const submission = createSubmission(redis);
    const [receipt] = await submission.submit([task({ delayMs: 150 })]);
    expect(receipt).toMatchObject({ status: "delayed", duplicate: false });
    const promoters = [new Promoter(redis, keys, [TYPE]), new Promoter(redis, keys, [TYPE])];
    const round = async () =>
      (await Promise.all(promoters.map((promoter) => promoter.runOnce()))).reduce((sum, { moved }) => sum + moved, 0);
    const early = await promoters[0]?.runOnce();
    expect(early).toEqual({ moved: 0, nextDueMs: expect.any(Number) });
    expect(early?.nextDueMs).toBeGreaterThan(0);
    expect(early?.nextDueMs).toBeLessThanOrEqual(150);
    expect(await lookup.find(receipt?.taskId ?? "")).toMatchObject({ status: "delayed", attempts: 0 });
    const moved = await eventually(round, (count) => count > 0);
    expect(moved).toBe(1);
    expect(await promoters[0]?.runOnce()).toEqual({ moved: 0, nextDueMs: undefined });
    expect(await redis.xlen(stream)).toBe(1);
    expect(await lookup.find(receipt?.taskId ?? "")).toMatchObject({ status: "queued", attempts: 0 });
    const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
    expect(queues.map(({ unaccounted }) => unaccounted)).toEqual([0, 0]);
  });

  it("tells when Redis cannot be reached", async () => {
    const away = createRedis({ ...server.settings(), url: "redis://127.0.0.1:1" }, "commands", "away");
    away.on("error", () => undefined);
    await expect(createSubmission(away).submit(tasks(1))).rejects.toBeInstanceOf(RedisUnavailableError);
    away.disconnect();
  });
});
