import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { RedisUnavailableError, RejectedError } from "../../src/errors.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskExplainer } from "../../src/queue/inspect/explain.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { MemoryGuard } from "../../src/queue/submit/memoryGuard.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { aclRules } from "../../src/redis/permissions.ts";
import { useRedis } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();

const { stream } = keys.queue(TYPE, "regular");
const task = { type: TYPE, priority: 1, payloadJson: "1" };

describe.each([
  { why: "is full", on: ["maxmemory", "1mb"], off: ["maxmemory", "0"], error: RejectedError },
  {
    why: "misses its replicas",
    on: ["min-replicas-to-write", "1"],
    off: ["min-replicas-to-write", "0"],
    error: RedisUnavailableError,
  },
] as const)("while Redis $why", ({ on, off, error }) => {
  it("reads are answered, and writes are rejected", async () => {
    const lookup = new TaskLookup(redis, keys, [TYPE]);
    const explainer = new TaskExplainer(redis, keys, [TYPE]);
    const [done] = await createSubmission(redis).submit([task]);
    const runner = startRunner(server, async () => "result");
    await eventually(
      () => lookup.find(done?.taskId ?? ""),
      (view) => view?.status === "completed",
    );
    await runner.drain(1_000);
    const [waiting] = await createSubmission(redis).submit([task]);
    await server.client.config("SET", ...on);
    try {
      expect(await lookup.find(done?.taskId ?? "")).toMatchObject({ status: "completed", resultJson: '"result"' });
      expect(await explainer.explain(waiting?.taskId ?? "")).toMatchObject({ ahead: { count: 0 } });
      const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
      expect(queues.map(({ depth, unaccounted }) => [depth, unaccounted])).toEqual([
        [0, 0],
        [1, 0],
      ]);
      expect((await new DeadLetters(redis, keys, [TYPE]).list({ limit: 10 })).items).toEqual([]);
      const guard = { exceeded: async () => false } as unknown as MemoryGuard;
      await expect(createSubmission(redis, { memory: guard }).submit([task])).rejects.toThrow(error);
      expect(await redis.xlen(stream)).toBe(1);
    } finally {
      await server.client.config("SET", ...off);
    }
  });
});

describe("the memory guard", () => {
  /** Sets maxmemory so that the stored data use this share of it. */
  async function useShare(share: number): Promise<void> {
    const used = Number(/used_memory:(\d+)/.exec(await server.client.info("memory"))?.[1]);
    await server.client.config("SET", "maxmemory", String(Math.round(used / share)));
  }

  it("rejects tasks above its ceiling although Redis itself would accept them, and accepts below it", async () => {
    const { telemetry, counts } = countingTelemetry();
    let nowMs = 0;
    const guarded = (ceiling: number) =>
      createSubmission(redis, { telemetry, memory: new MemoryGuard(redis, ceiling, () => nowMs) });
    await useShare(0.6);
    try {
      await expect(guarded(0.5).submit([task])).rejects.toThrow("the memory of Redis is nearly full");
      expect(await redis.xlen(stream)).toBe(0);
      expect(counts["regular submitted overload"]).toBe(1);
      const above = guarded(0.7);
      await above.submit([task]);
      expect(await redis.xlen(stream)).toBe(1);
      // A reading is valid for half a second.
      await useShare(0.8);
      nowMs = 499;
      await above.submit([task]);
      nowMs = 500;
      await expect(above.submit([task])).rejects.toThrow("nearly full");
    } finally {
      await server.client.config("SET", "maxmemory", "0");
    }
  });

  it("does not reject if maxmemory is not set", async () => {
    await createSubmission(redis, { memory: new MemoryGuard(redis, 0.01, () => 0) }).submit([task]);
    expect(await redis.xlen(stream)).toBe(1);
  });

  it("without the right to read INFO keeps intake open and reports it; a full Redis itself still rejects", async () => {
    const user = { username: "no-info", password: "secret" };
    await server.client.call("ACL", "SETUSER", user.username, "on", ">secret", ...aclRules(keys.prefix), "-info");
    // The readiness check of the client reads INFO too, and reports the missing right on the console.
    const denied = createRedis(server.settings(user), "commands", "denied");
    const failures: unknown[] = [];
    const memory = new MemoryGuard(
      denied,
      0.5,
      () => performance.now(),
      (error) => failures.push(error),
    );
    try {
      await createSubmission(denied, { memory }).submit([task]);
      expect(await redis.xlen(stream)).toBe(1);
      expect(String(failures[0])).toContain("NOPERM");
      await server.client.config("SET", "maxmemory", "1mb");
      await expect(createSubmission(denied, { memory }).submit([task])).rejects.toThrow("the memory of Redis is full");
    } finally {
      await server.client.config("SET", "maxmemory", "0");
      denied.disconnect();
    }
  });
});
