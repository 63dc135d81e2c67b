import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { RedisUnavailableError } from "../../src/errors.ts";
import type { Lane } from "../../src/metrics/contract.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { MemoryGuard } from "../../src/queue/submit/memoryGuard.ts";
import { Switches } from "../../src/queue/switches.ts";
import type { TaskRequest } from "../../src/queue/task.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { useRedis } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();
const lookup = new TaskLookup(redis, keys, [TYPE]);

const { stream } = keys.queue(TYPE, "regular");
const express = keys.queue(TYPE, "express");
const task = (fields: Partial<TaskRequest> = {}): TaskRequest => ({
  type: TYPE,
  priority: 1,
  payloadJson: "{}",
  ...fields,
});
const tasks = (count: number) => Array.from({ length: count }, () => task());
/** Makes the delayed tasks of a lane due. */
const dueNow = async (lane: Lane) => {
  const delayed = keys.delayed(TYPE, lane);
  for (const member of await server.client.zrange(delayed, 0, -1)) await server.client.zadd(delayed, 0, member);
};
/** Until the next submission, the bucket of the rate limit gets no tokens, however slow the test is. */
const stopRefill = () => server.client.hset(keys.rateLimit, "at", Date.now() + 3_600_000);
const keysThere = () => server.client.keys("*");
/** The round trip of a submission on a machine that has time for it. */
const MAX_ROUND_TRIP_MS = 2;

describe("a submission", () => {
  it("creates one task per id, even if it is repeated or sent by two replicas at once", async () => {
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

  it("with a known id but another type, lane or payload is rejected with the differences, in any state of the task", async () => {
    const other = "codegen";
    const types = { types: [TYPE, other] };
    const submission = createSubmission(redis, types);
    const first = task({ taskId: "mine", priority: 20, payloadJson: '{"how": "fails", "n": 1}' });
    const differing: [Partial<TaskRequest>, string[]][] = [
      [{ payloadJson: '{"how":"fails","n":2}' }, ["payload"]],
      [{ priority: 1 }, ["priority"]],
      [{ type: other, priority: 1, payloadJson: "{}" }, ["type", "priority", "payload"]],
    ];
    const lookup = new TaskLookup(redis, keys, [TYPE, other]);
    const checkedAs = async (status: string) => {
      for (const [fields, differs] of differing) {
        const before = await server.client.dbsize();
        const refused = submission.submit([task(), { ...first, ...fields }]);
        const conflicts = [{ index: 1, taskId: "mine", differs }];
        await expect(refused, status).rejects.toMatchObject({ code: "TASK_ID_CONFLICT", conflicts });
        expect(await server.client.dbsize()).toBe(before);
      }
      // White space between tokens does not matter.
      const same = { ...first, payloadJson: '{"how":"fails",\n"n":1}' };
      expect(await submission.submit([same])).toEqual([
        { taskId: "mine", type: TYPE, lane: "express", status, duplicate: true },
      ]);
    };
    await submission.submit([{ ...first, delayMs: 60_000 }]);
    await checkedAs("delayed");
    await dueNow("express");
    await new Promoter(redis, keys, [TYPE, other]).runOnce();
    await checkedAs("queued");
    let failing = true;
    const run = async () => {
      if (failing) throw new Error("not yet");
      return "done";
    };
    const once = startRunner(server, run, { maxAttempts: 2, retryBaseMs: 60_000, retryCapMs: 60_000 });
    const status = async () => (await lookup.find("mine"))?.status;
    await eventually(status, (found) => found === "retrying");
    await checkedAs("retrying");
    await dueNow("express");
    await new Promoter(redis, keys, [TYPE, other]).runOnce();
    await eventually(status, (found) => found === "failed");
    await checkedAs("failed");
    failing = false;
    expect(await new DeadLetters(redis, keys, [TYPE]).retryWhere({})).toBe(1);
    await eventually(status, (found) => found === "completed");
    await once.drain(0);
    await checkedAs("completed");
  });

  it("with different tasks of the same id is rejected as a whole", async () => {
    const twins = [task({ taskId: "a" }), task({ taskId: "a", payloadJson: "1" })];
    const refused = createSubmission(redis).submit(twins);
    await expect(refused).rejects.toMatchObject({ conflicts: [{ index: 1, taskId: "a", differs: ["payload"] }] });
    expect(await keysThere()).toEqual([]);
  });

  it("counts delayed tasks for the depth of their queue", async () => {
    const submission = createSubmission(redis, { maxQueueDepth: 10 });
    await submission.submit(Array.from({ length: 8 }, () => task({ delayMs: 60_000 })));
    await expect(submission.submit(tasks(3))).rejects.toMatchObject({ code: "OVERLOADED" });
    const later = Array.from({ length: 3 }, () => task({ delayMs: 1 }));
    await expect(submission.submit(later)).rejects.toMatchObject({ code: "OVERLOADED" });
    expect(await redis.zcard(keys.delayed(TYPE, "regular"))).toBe(8);
    await submission.submit([task(), task({ delayMs: 60_000 })]);
    await submission.submit(tasks(10).map((one) => ({ ...one, priority: 20 })));
  });

  it("with the id of a deleted dead letter is accepted", async () => {
    const submission = createSubmission(redis);
    await submission.submit([task({ taskId: "dies" })]);
    const runner = startRunner(server, () => Promise.reject(new Error("always")), { maxAttempts: 1 });
    await eventually(
      () => lookup.find("dies"),
      (view) => view?.status === "failed",
    );
    await runner.drain(0);
    expect(await submission.submit([task({ taskId: "dies" })])).toMatchObject([{ duplicate: true, status: "failed" }]);
    await server.client.del(keys.deadLetters);
    expect(await submission.submit([task({ taskId: "dies" })])).toMatchObject([{ duplicate: false, status: "queued" }]);
  });

  it("stores the time until its acceptance in the task, also while Redis was paused", async () => {
    const submission = createSubmission(redis);
    await submission.submit(tasks(1));
    // The service knows the clock of Redis as exactly as its fastest answer was fast.
    let sent = 1;
    await eventually(
      async () => {
        sent++;
        const fromMs = performance.now();
        await submission.submit(tasks(1));
        return performance.now() - fromMs;
      },
      (roundTripMs) => roundTripMs <= MAX_ROUND_TRIP_MS,
    );
    const receivedMs = performance.now() - 250;
    process.kill(server.pid, "SIGSTOP");
    const paused = submission.submit(tasks(1), receivedMs);
    const from = performance.now();
    await eventually(
      async () => performance.now() - from,
      (ms) => ms > 150,
    );
    process.kill(server.pid, "SIGCONT");
    await paused;
    const least = performance.now() - receivedMs;
    const waits: number[] = [];
    const latencies: number[] = [];
    const { telemetry } = countingTelemetry();
    const lane = (type: string, name: Lane) => ({
      ...telemetry.lane(type, name),
      wait: (seconds: number) => waits.push(seconds),
      latency: (seconds: number) => latencies.push(seconds),
    });
    const runner = startRunner(server, async () => "done", {}, { telemetry: { ...telemetry, lane } });
    await eventually(
      () => waits.length,
      (count) => count === sent + 1,
    );
    await runner.drain(0);
    const waitedMs = waits.map((wait, at) => (wait - (latencies[at] ?? 0)) * 1000);
    // Before the first answer, nothing is known of the clock of Redis.
    expect(waitedMs[0]).toBeCloseTo(0);
    expect(waitedMs[sent]).toBeGreaterThan(395);
    expect(waitedMs[sent]).toBeLessThanOrEqual(least + 2);
  });

  it("detects duplicates within one batch", async () => {
    const receipts = await createSubmission(redis).submit([task({ taskId: "a" }), task(), task({ taskId: "a" })]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
  });

  it("with the id of an entry that was deleted by hand is accepted", async () => {
    const submission = createSubmission(redis);
    await submission.submit([task({ taskId: "lost" })]);
    await server.client.del(stream);
    expect(await lookup.find("lost")).toBeUndefined();
    expect(await submission.submit([task({ taskId: "lost" })])).toMatchObject([{ duplicate: false }]);
  });

  it("is rejected as a whole if a queue would get too deep", async () => {
    const { telemetry, counts } = countingTelemetry();
    const submission = createSubmission(redis, { maxQueueDepth: 10, telemetry });
    await submission.submit(tasks(8));
    const refused = submission.submit([task({ priority: 20, taskId: "other-lane" }), ...tasks(3)]);
    await expect(refused).rejects.toMatchObject({ reason: "overload", code: "OVERLOADED" });
    expect(await redis.xlen(stream)).toBe(8);
    expect(await redis.xlen(express.stream)).toBe(0);
    expect(await lookup.find("other-lane")).toBeUndefined();
    expect(counts).toEqual({
      "regular enqueued": 8,
      "regular submitted none": 8,
      "express submitted overload": 1,
      "regular submitted overload": 3,
    });
    await submission.submit(tasks(2));
  });

  it("is limited to a rate that all replicas share", async () => {
    const submission = createSubmission(redis, { rateLimitPerSecond: 100 });
    await submission.submit(tasks(100));
    await stopRefill();
    const other = createSubmission(redis, { rateLimitPerSecond: 100 });
    await expect(other.submit(tasks(50))).rejects.toMatchObject({ reason: "rate_limit", retryAfterSeconds: 1 });
    // That answer set the time of the bucket, so it fills now.
    await eventually(
      () => submission.submit(tasks(20)).catch((error) => error),
      (outcome) => Array.isArray(outcome),
    );
    expect(await redis.xlen(stream)).toBe(120);
  });

  it("uses one token per task, and an idle bucket holds at most the tokens of one second", async () => {
    const submission = createSubmission(redis, { rateLimitPerSecond: 1_000 });
    const tokens = async () => Number(await server.client.hget(keys.rateLimit, "tokens"));
    await submission.submit(tasks(300));
    expect(await tokens()).toBe(700);
    await server.client.hset(keys.rateLimit, "at", Date.now() - 3_600_000);
    await submission.submit(tasks(50));
    expect(await tokens()).toBe(950);
  });

  it("is limited to the same rate after the clock of Redis was set back", async () => {
    const submission = createSubmission(redis, { rateLimitPerSecond: 10 });
    const hourAheadMs = Date.now() + 3_600_000;
    await server.client.hset(keys.rateLimit, "tokens", 0, "at", hourAheadMs);
    const setMs = Date.now();
    await expect(submission.submit(tasks(5))).rejects.toMatchObject({ reason: "rate_limit", retryAfterSeconds: 1 });
    await eventually(
      () => submission.submit(tasks(5)).catch((error) => error),
      (outcome) => Array.isArray(outcome),
    );
    // At most what has flowed in since, less five.
    const left = Number(await server.client.hget(keys.rateLimit, "tokens"));
    expect(Math.round(left * 1000)).toBeLessThanOrEqual((Date.now() - setMs) * 10 - 5_000);

    await server.client.hset(keys.rateLimit, "tokens", 8, "at", hourAheadMs);
    await submission.submit(tasks(5));
    expect(await server.client.hget(keys.rateLimit, "tokens")).toBe("3.000000");
    expect(Number(await server.client.hget(keys.rateLimit, "at"))).toBeLessThanOrEqual(Date.now());
  });

  it("is not limited while an operator has disabled the configured rate", async () => {
    const submission = createSubmission(redis, { rateLimitPerSecond: 1 });
    const switches = new Switches(redis, keys, 1);
    await submission.submit(tasks(3));
    await stopRefill();
    await expect(submission.submit(tasks(1))).rejects.toMatchObject({ reason: "rate_limit" });
    expect(await switches.disableRateLimit()).toMatchObject({ rateLimit: { enabled: false, perSecond: 1 } });
    for (let at = 0; at < 5; at += 1) await submission.submit(tasks(10));
    await switches.enableRateLimit();
    await stopRefill();
    await expect(submission.submit(tasks(1))).rejects.toMatchObject({ reason: "rate_limit" });
  });

  it("above the rate is accepted if the bucket is full, and the next one waits for the debt", async () => {
    const submission = createSubmission(redis, { rateLimitPerSecond: 10 });
    await submission.submit(tasks(100));
    await stopRefill();
    // A debt of 90, and one token for the task.
    await expect(submission.submit(tasks(1))).rejects.toMatchObject({ retryAfterSeconds: 10 });
  });

  it("is always rejected while the limit is on with rate 0, except for duplicates", async () => {
    const submission = createSubmission(redis);
    const switches = new Switches(redis, keys, 0);
    await submission.submit([task({ taskId: "known" })]);
    expect(await switches.enableRateLimit()).toMatchObject({ rateLimit: { enabled: true, perSecond: 0 } });
    const before = await keysThere();
    await expect(submission.submit(tasks(1))).rejects.toMatchObject({ reason: "rate_limit", code: "RATE_LIMITED" });
    expect(await keysThere()).toEqual(before);
    expect(await submission.submit([task({ taskId: "known" })])).toMatchObject([{ duplicate: true }]);
    await switches.disableRateLimit();
    await submission.submit(tasks(1));
  });

  it("of an express task goes to the regular lane while the bypass is on", async () => {
    const submission = createSubmission(redis);
    const switches = new Switches(redis, keys, 0);
    await switches.setExpressBypass(true);
    const [receipt] = await submission.submit([task({ priority: 20 })]);
    expect(receipt?.lane).toBe("regular");
    expect(await lookup.find(receipt?.taskId ?? "")).toMatchObject({ lane: "regular", status: "queued" });
    await switches.setExpressBypass(false);
    expect(await submission.submit([task({ priority: 20 })])).toMatchObject([{ lane: "express" }]);
  });

  it("is rejected with overload while Redis is out of memory, and accepted afterwards", async () => {
    // The last reading of this guard stays below the ceiling, so Redis itself rejects.
    const submission = createSubmission(redis, { memory: new MemoryGuard(redis, 0.8, () => 0) });
    await submission.submit(tasks(1));
    await server.client.config("SET", "maxmemory", "1mb");
    const byRedis = { reason: "overload", message: expect.stringMatching(/memory of Redis is full/) };
    await expect(submission.submit(tasks(2))).rejects.toMatchObject(byRedis);
    const byGuard = { reason: "overload", message: expect.stringMatching(/memory of Redis is nearly full/) };
    await expect(createSubmission(redis).submit(tasks(2))).rejects.toMatchObject(byGuard);
    expect(await redis.xlen(stream)).toBe(1);
    await server.client.config("SET", "maxmemory", "0");
    await createSubmission(redis).submit(tasks(2));
    expect(await redis.xlen(stream)).toBe(3);
  });

  it("is accepted again after the backlog is processed, although Redis was over its memory limit", async () => {
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

  it("keeps ids in order if the clock was set back", async () => {
    const future = Date.now() + 3_600_000;
    await server.client.xadd(stream, `${future}-7`, "task_id", "by-hand", "payload", "1");
    const receipts = await createSubmission(redis).submit(tasks(2));
    expect(receipts.map(({ taskId }) => taskId)).toEqual([
      `${TYPE}.regular.${future}-8`,
      `${TYPE}.regular.${future}-9`,
    ]);
    expect(await lookup.find(receipts[1]?.taskId ?? "")).toMatchObject({ status: "queued" });
  });

  it("with a delay waits, is found by its id, and is promoted once although two replicas try", async () => {
    const submission = createSubmission(redis);
    const [receipt] = await submission.submit([task({ delayMs: 60_000 })]);
    expect(receipt).toMatchObject({ status: "delayed", duplicate: false });
    const promoters = [new Promoter(redis, keys, [TYPE]), new Promoter(redis, keys, [TYPE])];
    const round = async () =>
      (await Promise.all(promoters.map((promoter) => promoter.runOnce()))).reduce((sum, { moved }) => sum + moved, 0);
    const early = await promoters[0]?.runOnce();
    expect(early).toEqual({ moved: 0, nextDueMs: expect.any(Number), failures: [] });
    expect(early?.nextDueMs).toBeGreaterThan(0);
    expect(early?.nextDueMs).toBeLessThanOrEqual(60_000);
    expect(await lookup.find(receipt?.taskId ?? "")).toMatchObject({ status: "delayed", attempts: 0 });
    await dueNow("regular");
    expect(await round()).toBe(1);
    expect(await promoters[0]?.runOnce()).toEqual({ moved: 0, nextDueMs: undefined, failures: [] });
    expect(await redis.xlen(stream)).toBe(1);
    expect(await lookup.find(receipt?.taskId ?? "")).toMatchObject({ status: "queued", attempts: 0 });
    const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
    expect(queues.map(({ unaccounted }) => unaccounted)).toEqual([0, 0]);
  });

  it("fails with a clear error if Redis is unreachable", async () => {
    const away = createRedis({ ...server.settings(), url: "redis://127.0.0.1:1" }, "commands", "away");
    away.on("error", () => undefined);
    await expect(createSubmission(away).submit(tasks(1))).rejects.toBeInstanceOf(RedisUnavailableError);
    away.disconnect();
  });

  it("does not report a bug, or damaged data, as an unreachable Redis", async () => {
    await expect(createSubmission(redis).submit([task({ type: "unknown" })])).rejects.toThrow(RangeError);
    await server.client.set(keys.rateLimit, "not a hash");
    const damaged = createSubmission(redis, { rateLimitPerSecond: 1 }).submit(tasks(1));
    await expect(damaged).rejects.toMatchObject({ code: "REDIS_COMMAND_FAILED", kind: "reply" });
    await expect(damaged).rejects.toThrow("WRONGTYPE");
    expect(await redis.xlen(stream)).toBe(0);
  });
});
