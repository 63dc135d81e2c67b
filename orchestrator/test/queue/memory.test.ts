import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { beforeEach, describe, expect, it } from "vitest";
import { ACK_BATCH_BYTES } from "../../src/queue/complete/ackHandler.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import type { TaskView } from "../../src/queue/task.ts";
import { useRedis } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const MIB = 1024 ** 2;
const LIMIT_BYTES = 8 * MIB;
const RESULT = "r".repeat(300_000);
const TASKS = 120;

const { server, redis } = await useRedis();
beforeEach(() => server.client.config("SET", "maxmemory", "0"));

const usedBytes = async () => Number(/used_memory:(\d+)/.exec(await server.client.info("memory"))?.[1]);
const find = (taskId: string) => new TaskLookup(redis, keys, [TYPE]).find(taskId);

describe("results that fill the memory of Redis", () => {
  it("are dropped over its limit and marked, while each task is completed and counted", async () => {
    const emptyBytes = await usedBytes();
    await server.client.config("SET", "maxmemory", String(emptyBytes + LIMIT_BYTES));
    const tasks = Array.from({ length: TASKS }, (_, at) => ({
      type: TYPE,
      priority: 1,
      payloadJson: "1",
      // Both places of a result: a hash with others, and a record.
      ...(at % 2 === 0 ? {} : { taskId: `chosen-${at}` }),
    }));
    const ids = (await createSubmission(redis).submit(tasks)).map(({ taskId }) => taskId);
    const { telemetry, counts } = countingTelemetry();
    const runner = startRunner(server, async () => RESULT, {}, { telemetry });
    let mostBytes = 0;
    await eventually(
      async () => {
        mostBytes = Math.max(mostBytes, await usedBytes());
        return counts["regular completed"];
      },
      (completed) => completed === TASKS,
      60_000,
    );
    await runner.drain(1_000);
    // Redis accepts a batch while one byte is free, and counts the buffers of connections too.
    expect(mostBytes - emptyBytes).toBeLessThan(LIMIT_BYTES + 5 * ACK_BATCH_BYTES);
    const views = (await Promise.all(ids.map(find))) as TaskView[];
    expect(views.every(({ status, attempts }) => status === "completed" && attempts === 1)).toBe(true);
    const kept = views.filter(({ resultJson }) => resultJson === JSON.stringify(RESULT));
    const dropped = views.filter(({ resultDropped, worker }) => resultDropped === true && worker !== undefined);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length + dropped.length).toBe(TASKS);
    expect(dropped.some(({ taskId }) => taskId.startsWith("chosen"))).toBe(true);
    expect(dropped.some(({ taskId }) => !taskId.startsWith("chosen"))).toBe(true);
    expect(counts["regular acks error"] ?? 0).toBe(0);
    expect((await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ unaccounted }) => unaccounted)).toEqual([0, 0]);
  });

  it("are not dropped once they are stored, although their acknowledgement succeeds only later", async () => {
    const denied = (rule: string) => server.client.call("ACL", "SETUSER", "default", rule);
    await denied("-xack");
    const chosen = { type: TYPE, priority: 1, payloadJson: "1", taskId: "chosen" };
    const [first, second] = await createSubmission(redis).submit([
      { type: TYPE, priority: 1, payloadJson: "1" },
      chosen,
    ]);
    const ids = [first?.taskId ?? "", second?.taskId ?? ""];
    const results = async () => (await Promise.all(ids.map(find))).map((view) => view?.resultJson);
    const runner = startRunner(server, async () => "kept");
    try {
      await eventually(results, (found) => found.every((result) => result === JSON.stringify("kept")));
      await server.client.config("SET", "maxmemory", "1");
      await denied("+xack");
      await eventually(
        () => server.client.xlen(keys.queue(TYPE, "regular").stream),
        (left) => left === 0,
      );
      expect(await results()).toEqual(['"kept"', '"kept"']);
    } finally {
      await denied("+xack");
      await runner.drain(0);
    }
  });

  it("do not affect failures and retries, which are kept", async () => {
    const [dead, again] = (
      await createSubmission(redis).submit([
        { type: TYPE, priority: 1, payloadJson: '"dies"' },
        { type: TYPE, priority: 1, payloadJson: '"again"' },
      ])
    ).map(({ taskId }) => taskId);
    await server.client.config("SET", "maxmemory", "1mb");
    const runner = startRunner(
      server,
      async (payload, { attempt }) => {
        throw new Error(`${payload} ${attempt}`);
      },
      { maxAttempts: 2, retryBaseMs: 60_000, retryCapMs: 60_000 },
    );
    await eventually(
      () => find(again ?? ""),
      (view) => view?.status === "retrying",
    );
    expect(await find(dead ?? "")).toMatchObject({ status: "retrying", error: { message: "dies 1" } });
    await runner.drain(0);
  });
});
