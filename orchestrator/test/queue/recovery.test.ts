import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterEach, describe, expect, it } from "vitest";
import type { TaskHandler } from "../../src/queue/consume/handler.ts";
import type { TaskRunner } from "../../src/queue/consume/taskRunner.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Janitor } from "../../src/queue/recover/janitor.ts";
import { Leases } from "../../src/queue/recover/leases.ts";
import { useRedis } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();
const runners: TaskRunner[] = [];
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.drain(0)));
});

const REGULAR = keys.queue(TYPE, "regular");
const { stream, group } = REGULAR;
const EXPRESS = keys.queue(TYPE, "express");

function run(...args: Parameters<typeof startRunner> extends [unknown, ...infer Rest] ? Rest : never): TaskRunner {
  const runner = startRunner(server, ...args);
  runners.push(runner);
  return runner;
}

async function submit(count: number, priority = 1): Promise<string[]> {
  const tasks = Array.from({ length: count }, (_, at) => ({ type: TYPE, priority, payloadJson: String(at) }));
  return (await createSubmission(redis).submit(tasks)).map(({ taskId }) => taskId);
}

/** Reads entries for a consumer that never returns. */
async function deliverTo(consumer: string, count: number, queue = REGULAR): Promise<string[]> {
  const { stream, group } = queue;
  await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM").catch(() => undefined);
  const args = ["GROUP", group, consumer, "COUNT", String(count), "STREAMS", stream, ">"];
  const reply = (await server.client.call("XREADGROUP", args)) as [string, [string, string[]][]][];
  return (reply[0]?.[1] ?? []).map(([id]) => id);
}

const empty = () =>
  eventually(
    async () => [await redis.xlen(stream), await redis.xlen(EXPRESS.stream)],
    ([a, b]) => a === 0 && b === 0,
  );

function recorder(): { seen: unknown[]; handle: TaskHandler["run"] } {
  const seen: unknown[] = [];
  return {
    seen,
    handle: async (payload) => {
      seen.push(payload);
      return payload;
    },
  };
}

/** Searches for orphans since the last reset of the statistics. */
async function searches(): Promise<number> {
  return Number(/cmdstat_xautoclaim:calls=(\d+)/.exec(await server.client.info("commandstats"))?.[1] ?? 0);
}

async function balance(): Promise<number[]> {
  return (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ unaccounted }) => unaccounted);
}

describe("recovery", () => {
  it("finishes the pending entries of a dead worker of the same name", async () => {
    await submit(300);
    await deliverTo(`regular_${TYPE}_0`, 250);
    const { seen, handle } = recorder();
    run(handle);
    await empty();
    expect(seen.length).toBe(300);
    expect(await balance()).toEqual([0, 0]);
  });

  it("claims the orphans of other consumers, over many pages and past deleted entries", async () => {
    await submit(1_000);
    const ids = await deliverTo("regular_gone", 1_000);
    // XAUTOCLAIM finds whole pages of these, reports them and returns a cursor that is not the end.
    await server.client.xdel(stream, ...ids.slice(0, 450));
    const { telemetry, counts } = countingTelemetry();
    const { seen, handle } = recorder();
    run(handle, {}, { telemetry });
    await empty();
    expect(new Set(seen).size).toBe(550);
    expect(seen.length).toBe(550);
    await eventually(
      () => counts["regular orphans"],
      (orphans) => orphans === 550,
    );
    const [, , , pending] = (await server.client.xpending(stream, group)) as unknown[];
    expect(pending).toBeNull();
  });

  it("looks for orphans once in a round that finds few, and starts them in this round", async () => {
    await submit(10);
    await deliverTo("regular_gone", 10);
    const { seen, handle } = recorder();
    const runner = run(handle, { orphanRecoveryIntervalMs: 600_000, orphanMinIdleMs: 0 });
    // A lane that connects starts whatever its consumer has.
    await eventually(
      () => Object.values(runner.health().lastPollCompletedAtMs),
      (polls) => polls.every(Number.isFinite),
    );
    await server.client.config("RESETSTAT");
    runner.recover();
    await empty();
    // A round that did not end would search again before each of these tasks.
    for (let done = 11; done <= 20; done++) {
      await submit(1);
      await empty();
    }
    expect(seen).toHaveLength(20);
    expect(await searches()).toBe(2);
  });

  it("shares orphans between two replicas without running any twice", async () => {
    await submit(1_000);
    await deliverTo("regular_gone", 1_000);
    const { seen, handle } = recorder();
    run(handle, {}, { instance: "a" });
    run(handle, {}, { instance: "b" });
    await empty();
    expect(seen.length).toBe(1_000);
  });

  it("dead-letters a task that crashes its workers as poison, and no longer runs it", async () => {
    const [taskId] = await submit(1);
    const [id] = await deliverTo(`regular_${TYPE}_0`, 1);
    await server.client.call("XCLAIM", stream, group, `regular_${TYPE}_0`, "0", id ?? "", "RETRYCOUNT", "10", "JUSTID");
    const { telemetry, counts } = countingTelemetry();
    const { seen, handle } = recorder();
    run(handle, {}, { telemetry });
    await empty();
    expect(seen).toEqual([]);
    const { items } = await new DeadLetters(redis, keys, [TYPE]).list({ limit: 10 });
    expect(items).toMatchObject([{ taskId, reason: "poison", attempts: 5, payloadJson: "0", entryId: id, stream }]);
    expect(await new TaskLookup(redis, keys, [TYPE]).find(taskId ?? "")).toMatchObject({
      status: "failed",
      deadLetterId: items[0]?.id,
      error: { reason: "poison" },
    });
    await eventually(
      () => counts["regular failed poison"],
      (failed) => failed === 1,
    );
    expect(await balance()).toEqual([0, 0]);
  });

  it("runs a task whose workers died once less than the limit for poison", async () => {
    const [taskId = ""] = await submit(1);
    const [id = ""] = await deliverTo(`regular_${TYPE}_0`, 1);
    await server.client.call("XCLAIM", stream, group, `regular_${TYPE}_0`, "0", id, "RETRYCOUNT", "8", "JUSTID");
    const { seen, handle } = recorder();
    run(handle, { deathLimit: 5 });
    await empty();
    expect(seen).toEqual([0]);
    expect(await new TaskLookup(redis, keys, [TYPE]).find(taskId)).toMatchObject({ status: "completed" });
    expect(await balance()).toEqual([0, 0]);
  });

  it("runs poison candidates one at a time, without other tasks", async () => {
    await submit(6);
    const ids = await deliverTo(`regular_${TYPE}_0`, 4);
    await server.client.call("XCLAIM", stream, group, `regular_${TYPE}_0`, "0", ...ids, "RETRYCOUNT", "2", "JUSTID");
    let running = 0;
    const beside: number[] = [];
    run(async () => {
      beside.push(running++);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running--;
    });
    await empty();
    expect(beside.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(beside.length).toBe(6);
  });

  it("runs poison candidates of both lanes one at a time, so that none dies with another", async () => {
    for (const priority of [1, 20]) {
      await submit(3, priority);
      const queue = keys.queue(TYPE, priority === 1 ? "regular" : "express");
      const consumer = `${queue.lane}_${TYPE}_0`;
      const ids = await deliverTo(consumer, 3, queue);
      await server.client.call("XCLAIM", queue.stream, queue.group, consumer, "0", ...ids, "RETRYCOUNT", "2", "JUSTID");
    }
    let running = 0;
    const beside: number[] = [];
    run(async () => {
      beside.push(running++);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running--;
    });
    await empty();
    expect(beside).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("finds unowned entries after XGROUP DELCONSUMER", async () => {
    await submit(250);
    await deliverTo("regular_gone", 200);
    await server.client.xgroup("DELCONSUMER", stream, group, "regular_gone");
    const { seen, handle } = recorder();
    run(handle);
    await empty();
    expect(seen.length).toBe(250);
    expect(await balance()).toEqual([0, 0]);
  });

  it("runs an entry that was claimed for its consumer by hand", async () => {
    const { seen, handle } = recorder();
    run(handle, { orphanMinIdleMs: 600_000 });
    await submit(1);
    await empty();
    await server.client.xgroup("SETID", stream, group, "$");
    const id = (await server.client.xadd(stream, "*", "payload", '"by hand"')) as string;
    await server.client.xgroup("CREATECONSUMER", stream, group, "regular_other");
    await server.client.call("XCLAIM", stream, group, `regular_${TYPE}_0`, "0", id, "FORCE");
    await empty();
    expect(seen).toContain("by hand");
  });

  it("counts a late finish and drops its result", async () => {
    const { telemetry, counts } = countingTelemetry();
    let finish: (value: unknown) => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      run(
        () => {
          resolve();
          return new Promise((done) => {
            finish = done;
          });
        },
        { orphanMinIdleMs: 600_000 },
        { telemetry },
      );
    });
    const [taskId] = await submit(1);
    await started;
    const id = (await server.client.xrange(stream, "-", "+"))[0]?.[0] ?? "";
    await server.client.call("XCLAIM", stream, group, "regular_thief", "0", id, "JUSTID");
    finish("of the zombie");
    await eventually(
      () => counts["regular late"],
      (late) => late === 1,
    );
    expect(counts["regular completed"]).toBeUndefined();
    expect(await redis.xlen(stream)).toBe(1);
    expect(await new TaskLookup(redis, keys, [TYPE]).find(taskId ?? "")).toMatchObject({
      status: "running",
      worker: "regular_thief",
    });
    run(async () => "of the new owner", {}, { instance: "b" });
    await empty();
    expect(await new TaskLookup(redis, keys, [TYPE]).find(taskId ?? "")).toMatchObject({
      resultJson: '"of the new owner"',
    });
    expect(await balance()).toEqual([0, 0]);
  });

  it("leaves a long task its entry only while its lease is renewed", async () => {
    let starts = 0;
    let finish: () => void = () => undefined;
    const handle = () => {
      starts++;
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    };
    // Does not search for orphans, like a busy worker: it would find its own entry and reset its idle time.
    run(handle, { taskTimeoutMs: 600_000, orphanRecoveryIntervalMs: 600_000 });
    await submit(1);
    await eventually(
      () => starts,
      (count) => count === 1,
    );
    const [entry] = await server.client.xrange(stream, "-", "+");
    const idleFor = (ms: number) =>
      server.client.call("XCLAIM", stream, group, `regular_${TYPE}_0`, "0", entry?.[0] ?? "", "IDLE", ms, "JUSTID");
    await idleFor(120_000);
    expect(await new Leases(redis, keys, "").runOnce([{ type: TYPE, index: 0 }], 50)).toBe(1);
    await server.client.config("RESETSTAT");
    run(handle, { taskTimeoutMs: 600_000, orphanMinIdleMs: 60_000 }, { instance: "b" });
    // Each lane has searched twice.
    await eventually(searches, (count) => count >= 4);
    expect(starts).toBe(1);
    await idleFor(120_000);
    await eventually(
      () => starts,
      (count) => count === 2,
    );
    finish();
    await empty();
  });

  it("continues with the remaining entries after FLUSHALL, and after XGROUP DESTROY", async () => {
    const { seen, handle } = recorder();
    run(handle);
    await submit(10);
    await empty();
    await server.client.flushall();
    await submit(10);
    await empty();
    await server.client.xgroup("DESTROY", stream, group);
    await submit(10);
    await empty();
    expect(seen.length).toBeGreaterThanOrEqual(30);
    expect(await balance()).toEqual([0, 0]);
  });

  it("removes consumers only if they have no pending entries and have been gone for long", async () => {
    await submit(2);
    await deliverTo("regular_busy", 1);
    await server.client.xgroup("CREATECONSUMER", stream, group, "regular_gone");
    await server.client.xgroup("CREATECONSUMER", stream, group, "regular_silent");
    await server.client.zadd(keys.heartbeats, Date.now() + 600_000, "regular_silent");
    expect(await new Janitor(redis, keys, [TYPE], 60_000).runOnce()).toEqual([]);
    const janitor = new Janitor(redis, keys, [TYPE], 100);
    const removed = await eventually(
      () => janitor.runOnce(),
      (names) => names.length > 0,
    );
    expect(removed).toEqual(["regular_gone"]);
    await server.client.zrem(keys.heartbeats, "regular_silent");
    expect(await janitor.runOnce()).toEqual(["regular_silent"]);
    const consumers = (await server.client.xinfo("CONSUMERS", stream, group)) as string[][];
    expect(consumers.map((fields) => fields[1])).toEqual(["regular_busy"]);
  });
});
