import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { CircuitOpenError, MAX_RETRY_AFTER_MS, UpstreamError, ValidationError } from "../../src/errors.ts";
import type { TaskHandler } from "../../src/queue/consume/handler.ts";
import type { TaskRunner } from "../../src/queue/consume/taskRunner.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { Switches } from "../../src/queue/switches.ts";
import type { TaskRequest, TaskView } from "../../src/queue/task.ts";
import { useRedis } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();
let promoting: NodeJS.Timeout;
const runners: TaskRunner[] = [];
beforeEach(() => {
  promoting = setInterval(() => void new Promoter(redis, keys, [TYPE]).runOnce().catch(() => undefined), 20);
});
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.drain(0)));
  clearInterval(promoting);
});

const { stream } = keys.queue(TYPE, "regular");
const letters = () => new DeadLetters(redis, keys, [TYPE]);
const balance = async () => (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ unaccounted }) => unaccounted);

function run(...args: Parameters<typeof startRunner> extends [unknown, ...infer Rest] ? Rest : never): TaskRunner {
  const runner = startRunner(server, ...args);
  runners.push(runner);
  return runner;
}

async function submit(fields: Partial<TaskRequest> = {}): Promise<string> {
  const [receipt] = await createSubmission(redis).submit([
    { type: TYPE, priority: 1, payloadJson: '{"a":1}', ...fields },
  ]);
  return receipt?.taskId ?? "";
}

const until = (taskId: string, status: TaskView["status"]) =>
  eventually(
    () => new TaskLookup(redis, keys, [TYPE]).find(taskId),
    (view) => view?.status === status,
  );

describe("a task that fails", () => {
  it("is retried with its attempts counted, and completes", async () => {
    const { telemetry, counts } = countingTelemetry();
    const attempts: number[] = [];
    const taskId = await submit();
    run(
      async (_payload, { attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) throw new UpstreamError("chat", "500");
        return "at last";
      },
      {},
      { telemetry },
    );
    expect(await until(taskId, "completed")).toMatchObject({ attempts: 3, resultJson: '"at last"' });
    expect(attempts).toEqual([1, 2, 3]);
    await eventually(
      () => counts,
      (seen) => seen["regular completed"] === 1,
    );
    expect(counts["regular retries"]).toBe(2);
    expect(await balance()).toEqual([0, 0]);
  });

  it("waits for its retry in Redis, so that the death of its worker does not matter", async () => {
    const taskId = await submit({ taskId: "patient" });
    const first = run(
      async () => {
        throw new Error("not now");
      },
      { retryBaseMs: 60_000, retryCapMs: 60_000 },
    );
    const view = await until(taskId, "retrying");
    expect(view).toMatchObject({ attempts: 1, error: { message: "not now" } });
    expect(view?.dueAtMs).toBeGreaterThan(Date.now());
    await first.drain(0);
    run(async () => "later", {}, { index: 1 });
    const delayed = keys.delayed(TYPE, "regular");
    await server.client.zadd(delayed, "XX", 1, (await server.client.zrange(delayed, 0, 0))[0] ?? "");
    expect(await until(taskId, "completed")).toMatchObject({ attempts: 2, worker: `regular_${TYPE}_1` });
  });

  it("becomes a dead letter after its attempts, can be retried with its history, and fail again", async () => {
    let fail = true;
    const taskId = await submit({ taskId: "stubborn", priority: 7 });
    run(
      async () => {
        if (fail) throw new UpstreamError("chat", "still 500");
        return "revived";
      },
      { maxAttempts: 2 },
    );
    await until(taskId, "failed");
    const [letter] = (await letters().list({ limit: 5 })).items;
    expect(letter).toMatchObject({
      taskId,
      reason: "upstream",
      error: "still 500",
      attempts: 2,
      priority: 7,
      payloadJson: '{"a":1}',
      history: [],
    });
    expect(await letters().list({ limit: 5, reason: "poison" })).toEqual({ items: [] });
    await letters().retry(letter?.id ?? "");
    await eventually(
      async () => (await letters().list({ limit: 5 })).items,
      ([again]) => again !== undefined && again.id !== letter?.id && again.history.length === 1,
    );
    fail = false;
    expect(await letters().retryWhere({ reason: "upstream" })).toBe(1);
    expect(await until(taskId, "completed")).toMatchObject({ resultJson: '"revived"' });
    expect((await letters().list({ limit: 5 })).items).toEqual([]);
    await expect(letters().retry(letter?.id ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await eventually(balance, (sums) => sums.every((sum) => sum === 0));
  });

  it("is retried with all matching dead letters, over many pages and during another retry", async () => {
    const SICK = 250;
    const BROKEN = 30;
    let fail = true;
    run(
      async (payload) => {
        if (fail) throw payload === "broken" ? new Error("another reason") : new UpstreamError("chat", "500");
      },
      { maxAttempts: 1 },
    );
    const sick = Array.from({ length: SICK }, () => ({ type: TYPE, priority: 1, payloadJson: "1" }));
    const broken = Array.from({ length: BROKEN }, () => ({ type: TYPE, priority: 1, payloadJson: '"broken"' }));
    // Matching and other letters alternate.
    const mixed = sick.flatMap((task, at) => [task, ...broken.slice(at, at + 1)]);
    await createSubmission(redis).submit(mixed);
    await eventually(
      () => redis.xlen(keys.deadLetters),
      (dead) => dead === SICK + BROKEN,
    );
    fail = false;
    const matching = { type: TYPE, reason: "upstream" } as const;
    const retried = await Promise.all([letters().retryWhere(matching), letters().retryWhere({ reason: "upstream" })]);
    expect(retried[0] + retried[1]).toBe(SICK);
    expect(await redis.xlen(keys.deadLetters)).toBe(BROKEN);
    expect(await letters().retryWhere({ reason: "timeout" })).toBe(0);
    expect(await letters().retryWhere({})).toBe(BROKEN);
    await eventually(balance, (sums) => sums.every((sum) => sum === 0));
    expect(await redis.xlen(keys.deadLetters)).toBe(0);
  });

  it("becomes a dead letter at once if no retry can help", async () => {
    run(async (payload) => {
      throw payload === 1 ? new ValidationError(TYPE, ["no"]) : new UpstreamError("chat", "400", { permanent: true });
    });
    const invalid = await submit({ payloadJson: "1" });
    const refused = await submit({ payloadJson: "2" });
    expect(await until(invalid, "failed")).toMatchObject({ attempts: 1, error: { reason: "validation" } });
    expect(await until(refused, "failed")).toMatchObject({ attempts: 1, error: { reason: "upstream" } });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])(
    "with a Retry-After of %s ms does not delay other tasks",
    async (retryAfterMs) => {
      const { telemetry, counts } = countingTelemetry();
      const odd = await submit({ payloadJson: '"odd"', taskId: "odd" });
      const ids = await Promise.all(Array.from({ length: 5 }, () => submit()));
      run(
        async (payload) => {
          if (payload === "odd") throw new UpstreamError("chat", "429", { retryAfterMs });
        },
        {},
        { telemetry },
      );
      for (const id of ids) await until(id, "completed");
      await until(odd, retryAfterMs === Number.POSITIVE_INFINITY ? "retrying" : "failed");
      const [, score] = await redis.zrange(keys.delayed(TYPE, "regular"), 0, -1, "WITHSCORES");
      if (score !== undefined) expect(Number(score)).toBeLessThan(Date.now() + 2 * MAX_RETRY_AFTER_MS);
      expect(counts["regular acks error"] ?? 0).toBe(0);
      await eventually(balance, (sums) => sums.every((sum) => sum === 0));
    },
  );

  it("so that its script cannot store the retry does not delay other tasks, and is stored later", async () => {
    clearInterval(promoting);
    const { telemetry, counts } = countingTelemetry();
    const delayed = keys.delayed(TYPE, "regular");
    const odd = await submit({ payloadJson: '"odd"', taskId: "odd" });
    const ids = await Promise.all(Array.from({ length: 20 }, () => submit()));
    await server.client.set(delayed, "an unrelated key of this name");
    let starts = 0;
    run(
      async (payload) => {
        if (payload !== "odd") return;
        starts++;
        throw new Error("not now");
      },
      { retryBaseMs: 60_000, retryCapMs: 60_000 },
      { telemetry },
    );
    await eventually(
      () => redis.xlen(stream),
      (entries) => entries === 1,
    );
    for (const id of ids) await until(id, "completed");
    await eventually(
      () => counts["regular ack failures"],
      (failures) => (failures ?? 0) >= 1,
    );
    await server.client.del(delayed);
    await until(odd, "retrying");
    expect(starts).toBe(1);
    expect(counts["regular completed"]).toBe(20);
    await eventually(balance, (sums) => sums.every((sum) => sum === 0));
  });

  it("is removed for good when its dead letter is discarded", async () => {
    const taskId = await submit();
    run(
      async () => {
        throw new Error("no");
      },
      { maxAttempts: 1 },
    );
    const view = await until(taskId, "failed");
    await letters().discard(view?.deadLetterId ?? "");
    expect(await new TaskLookup(redis, keys, [TYPE]).find(taskId)).toBeUndefined();
    await expect(letters().discard(view?.deadLetterId ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await letters().get("nonsense")).toBeUndefined();
  });

  it("by timeout is aborted, and releases its slot if it obeys", async () => {
    let aborted: unknown;
    const taskId = await submit();
    const runner = run(
      (_payload, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted = signal.reason;
            reject(new Error("stopped"));
          });
        }),
      { taskTimeoutMs: 100, maxAttempts: 1 },
    );
    expect(await until(taskId, "failed")).toMatchObject({ error: { reason: "timeout", code: "TASK_TIMEOUT" } });
    expect(aborted).toMatchObject({ code: "TASK_TIMEOUT" });
    await eventually(
      () => runner.health(),
      ({ inFlight, stuck }) => inFlight === 0 && stuck === undefined,
    );
  });

  it("by timeout and ignores its abort is reported as stuck, and its outcome stays", async () => {
    const taskId = await submit();
    const runner = run(() => new Promise(() => undefined), { taskTimeoutMs: 50, maxAttempts: 1 });
    await until(taskId, "failed");
    expect(runner.health().stuck).toMatchObject({ taskId });
    expect(runner.health().inFlight).toBe(1);
  });
});

describe("an entry added by hand", () => {
  const handler: TaskHandler = {
    type: TYPE,
    schema: z.object({ test: z.number(), more: z.string().default("default") }),
    run: async (payload) => payload,
  };
  const add = (...fields: string[]) => server.client.xadd(stream, "*", ...fields);

  it("in the form of the runbook runs like any other", async () => {
    run(handler.run, {}, { handler });
    const fields = ["priority", "15", "type", TYPE, "timestamp", "2025-11-03T00:00:00+00:00"];
    await add("task_id", "test_1", "payload", '{"test":1}', ...fields);
    expect(await until("test_1", "completed")).toMatchObject({
      resultJson: JSON.stringify({ test: 1, more: "default" }),
    });
  });

  it.each([
    ["no payload", ["task_id", "odd"]],
    ["a payload that is not JSON", ["task_id", "odd", "payload", "{"]],
    ["an invalid payload", ["task_id", "odd", "payload", '{"test":"x"}']],
    ["another type", ["task_id", "odd", "payload", '{"test":1}', "type", "ml"]],
  ])("with %s becomes a dead letter", async (_what, fields) => {
    run(handler.run, {}, { handler });
    await add(...fields);
    expect(await until("odd", "failed")).toMatchObject({ error: { reason: "validation" } });
    await eventually(balance, (sums) => sums.every((sum) => sum === 0));
  });

  it("with only a payload and a malformed priority runs with a generated id", async () => {
    run(handler.run, {}, { handler });
    const id = await add("payload", '{"test":1}', "priority", "urgent", "timestamp", "yesterday");
    await until(`${TYPE}.regular.${id}`, "completed");
  });
});

describe("a type that may not run", () => {
  it("keeps its tasks without an attempt while its circuit breaker is open", async () => {
    let open = true;
    const attempts: number[] = [];
    const ids = await Promise.all(Array.from({ length: 40 }, () => submit()));
    const runner = run(async (_payload, { attempt }) => {
      if (open) throw new CircuitOpenError("chat");
      attempts.push(attempt);
    });
    await eventually(
      () => runner.health().suspended,
      (reason) => reason?.kind === "circuit" && reason.upstream === "chat",
    );
    const polled = runner.health().lastPollCompletedAtMs.regular;
    await eventually(
      () => runner.health().lastPollCompletedAtMs.regular,
      (at) => at > polled,
    );
    expect(await redis.xlen(stream)).toBe(40);
    open = false;
    for (const id of ids) await until(id, "completed");
    expect(attempts).toEqual(Array.from({ length: 40 }, () => 1));
    expect(runner.health().suspended).toBeUndefined();
  });

  it("drains after the outage although connections were cut at any moment of it", async () => {
    let open = true;
    const runner = run(
      async () => {
        if (open) throw new CircuitOpenError("chat", { retryAfterMs: 50 });
      },
      { orphanMinIdleMs: 600_000, blockMs: 1_000 },
    );
    // The express lane is empty, so its only possible probe is a blocking read.
    const ids = await Promise.all(Array.from({ length: 6 }, () => submit()));
    await eventually(
      () => runner.health().suspended,
      (reason) => reason?.kind === "circuit",
    );
    // Some of these cuts interrupt reads, claims or probes in both lanes.
    for (let cut = 0; cut < 25; cut++) {
      await server.client.client("KILL", "TYPE", "normal", "SKIPME", "yes");
      await sleep(30 + cut * 7);
    }
    open = false;
    for (const id of ids) await until(id, "completed");
    expect(runner.health().suspended).toBeUndefined();
  });

  it("keeps a task that a read returns just after the pause, and runs it after the resume", async () => {
    const switches = new Switches(redis, keys, 0);
    const ran: unknown[] = [];
    // Its reads block for longer than an answer about the pause is valid.
    const runner = run(async (payload) => ran.push(payload), { blockMs: 3_000 });
    await until(await submit(), "completed");
    await switches.pause(TYPE);
    await sleep(1_100);
    const taskId = await submit({ payloadJson: '"while paused"' });
    await eventually(
      () => runner.health().suspended,
      (reason) => reason?.kind === "paused",
    );
    await until(taskId, "running");
    expect(ran).toHaveLength(1);
    await switches.resume(TYPE);
    await until(taskId, "completed");
    expect(ran).toEqual([{ a: 1 }, "while paused"]);
  });

  it("uses its poison candidates as probes too, and then continues with the rest", async () => {
    let open = true;
    const ids = await Promise.all(Array.from({ length: 5 }, () => submit()));
    const { group } = keys.queue(TYPE, "regular");
    await server.client.xgroup("CREATE", stream, group, "0").catch(() => undefined);
    const consumer = `regular_${TYPE}_0`;
    await server.client.xreadgroup("GROUP", group, consumer, "COUNT", 3, "STREAMS", stream, ">");
    const entries = await server.client.xrange(stream, "-", "+", "COUNT", 3);
    const entryIds = entries.map(([id]) => id);
    await server.client.call("XCLAIM", stream, group, consumer, "0", ...entryIds, "RETRYCOUNT", "2", "JUSTID");
    const runner = run(async () => {
      if (open) throw new CircuitOpenError("chat");
    });
    await eventually(
      () => runner.health().suspended,
      (reason) => reason?.kind === "circuit",
    );
    open = false;
    for (const id of ids) await until(id, "completed");
  });

  it("has a poison candidate that keeps the breaker open take turns with the others as the probe", async () => {
    const owner = `regular_${TYPE}_0`;
    const { group } = keys.queue(TYPE, "regular");
    await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM");
    const candidate = await submit({ payloadJson: '"candidate"' });
    const recovered = await submit();
    await server.client.xreadgroup("GROUP", group, owner, "STREAMS", stream, ">");
    const [[id = ""] = []] = await server.client.xrange(stream, "-", "+");
    await server.client.call("XCLAIM", stream, group, owner, "0", id, "RETRYCOUNT", "2", "JUSTID");
    const unread = [await submit(), await submit({ priority: 20 })];
    let running = 0;
    const beside: number[] = [];
    const runs: unknown[] = [];
    // Its reads block for longer than the test waits: an empty lane does not end the suspension.
    run(
      async (payload) => {
        runs.push(payload);
        beside.push(running++);
        await sleep(20);
        running--;
        if (payload === "candidate") throw new CircuitOpenError("chat", { retryAfterMs: 50 });
      },
      { blockMs: 20_000 },
    );
    await eventually(
      () => runs.filter((payload) => payload === "candidate").length,
      (count) => count > 1,
    );
    const later = [await submit(), await submit()];
    for (const taskId of [recovered, ...unread, ...later]) await until(taskId, "completed");
    // After a start they are still alone, as without a breaker.
    if (owner === `regular_${TYPE}_0`) expect(Math.max(...beside)).toBe(0);
    expect(await new TaskLookup(redis, keys, [TYPE]).find(candidate)).toMatchObject({ status: "running" });
  });

  it("waits while it is paused, and continues after the resume", async () => {
    const switches = new Switches(redis, keys, 0);
    expect(await switches.pause(TYPE)).toMatchObject({ paused: [TYPE] });
    const runner = run(async () => "ran");
    await eventually(
      () => runner.health().suspended,
      (reason) => reason?.kind === "paused",
    );
    const taskId = await submit();
    const polled = runner.health().lastPollCompletedAtMs.regular;
    await eventually(
      () => runner.health().lastPollCompletedAtMs.regular,
      (at) => at > polled,
    );
    expect(await redis.xlen(stream)).toBe(1);
    await switches.resume(TYPE);
    await until(taskId, "completed");
  });
});
