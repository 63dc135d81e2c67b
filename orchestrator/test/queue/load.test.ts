import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { TaskRunner } from "../../src/queue/consume/taskRunner.ts";
import { type ConnectionPurpose, createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

let server: RedisServer;
let redis: RedisClient;
let runner: TaskRunner | undefined;
beforeAll(async () => {
  server = await startRedis();
  redis = createRedis(server.settings({ commandTimeoutMs: 20_000 }), "commands", "test");
});
beforeEach(async () => {
  await server.client.flushall();
  return () => runner?.drain(0);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.[Symbol.asyncDispose]();
});

const { stream } = keys.queue(TYPE, "regular");
const openRedis = (purpose: ConnectionPurpose, name: string) =>
  createRedis(server.settings({ commandTimeoutMs: 20_000 }), purpose, name);

async function fill(total: number): Promise<void> {
  const submission = createSubmission(redis);
  const task = { type: TYPE, priority: 1, payloadJson: '{"text":"some"}' };
  for (let left = total; left > 0; left -= 1_000) {
    await submission.submit(Array.from({ length: Math.min(left, 1_000) }, () => task));
  }
}

const drained = () =>
  eventually(
    () => redis.xlen(stream),
    (left) => left === 0,
    60_000,
  );

it.each([
  { resultTtlSeconds: 600, commands: 0.12 },
  { resultTtlSeconds: 0, commands: 0.1 },
])("a task needs at most $commands Redis commands if results are kept for $resultTtlSeconds s", async (budget) => {
  const total = 20_000;
  await fill(total);
  await server.client.config("RESETSTAT");
  // Long intervals, so that the number of periodic commands does not depend on the speed of the machine.
  const intervals = { blockMs: 2_000, orphanRecoveryIntervalMs: 30_000, commandTimeoutMs: 20_000 };
  const settings = { concurrency: 100, resultTtlSeconds: budget.resultTtlSeconds, ...intervals };
  runner = startRunner(server, async () => "ok", settings, { openRedis });
  await drained();
  const stats = await server.client.info("commandstats");
  const calls = [...stats.matchAll(/^cmdstat_([a-z|]+):calls=(\d+)/gm)].map(
    ([, name, count]) => [name, Number(count)] as const,
  );
  // The XLEN commands are those of the test itself.
  const perTask = calls.reduce((sum, [name, count]) => sum + (name === "xlen" ? 0 : count), 0) / total;
  expect(perTask, JSON.stringify(calls)).toBeLessThanOrEqual(budget.commands);
});

it("express tasks are fast while the regular lane drains 100,000", async () => {
  const waiting = new Map<unknown, (atMs: number) => void>();
  runner = startRunner(
    server,
    async (payload) => {
      waiting.get(payload)?.(performance.now());
    },
    { concurrency: 100, resultTtlSeconds: 0, commandTimeoutMs: 20_000 },
    { openRedis },
  );
  const submission = createSubmission(redis);
  const expressP95Ms = async (enough: () => Promise<boolean>) => {
    const latenciesMs: number[] = [];
    for (let sent = 0; sent < 200 && !(await enough()); sent++) {
      const beginMs = performance.now();
      const answered = new Promise<number>((resolve) => waiting.set(sent, resolve));
      await submission.submit([{ type: TYPE, priority: 20, payloadJson: String(sent) }]);
      latenciesMs.push((await answered) - beginMs);
    }
    expect(latenciesMs.length).toBeGreaterThan(20);
    return latenciesMs.toSorted((a, b) => a - b)[Math.floor(latenciesMs.length * 0.95)] ?? 0;
  };
  const aloneMs = await expressP95Ms(async () => false);
  await fill(100_000);
  const besideMs = await expressP95Ms(async () => (await redis.xlen(stream)) < 1_000);
  // Waiting behind the backlog would take seconds. The limit is the threshold of the runbook, or higher on a slow machine.
  expect(besideMs).toBeLessThan(Math.max(100, 5 * aloneMs));
});

it("a worker with many slots, which prefetches, never gets more entries than slots", async () => {
  let started = 0;
  const held = Promise.withResolvers<void>();
  const settings = { concurrency: 400, taskTimeoutMs: 60_000 };
  runner = startRunner(
    server,
    async () => {
      started++;
      await held.promise;
    },
    settings,
  );
  await fill(1_000);
  // The worker creates its group before it starts tasks.
  await eventually(
    () => started,
    (count) => count > 0,
  );
  // All slots except the floor of the other lane. Each entry runs; none waits in this process.
  const slots = 350;
  const counts = async () => {
    const [pending] = (await server.client.xpending(stream, keys.queue(TYPE, "regular").group)) as [number];
    return [started, pending];
  };
  await eventually(counts, ([running, pending]) => running === slots && pending === slots);
  // It polls again and gets nothing.
  const { lastPollCompletedAtMs: reached } = runner.health();
  await eventually(
    () => runner?.health().lastPollCompletedAtMs.regular ?? 0,
    (polledAtMs) => polledAtMs > reached.regular,
  );
  expect(await counts()).toEqual([slots, slots]);
  held.resolve();
  await drained();
});

it("a worker with many slots requests the next entries before it starts those of a full read", async () => {
  await fill(1_000);
  const events: ("read" | "reply" | "start")[] = [];
  const observed = (purpose: ConnectionPurpose, name: string) => {
    const client = openRedis(purpose, name);
    const call = client.callBuffer.bind(client) as (...args: unknown[]) => Promise<unknown>;
    return Object.assign(client, {
      callBuffer: (...args: unknown[]) => {
        const reply = call(...args);
        if (args.includes(stream)) {
          events.push("read");
          reply.then(
            () => events.push("reply"),
            () => undefined,
          );
        }
        return reply;
      },
    });
  };
  const handle = async () => void events.push("start");
  runner = startRunner(server, handle, { concurrency: 400 }, { openRedis: observed });
  await drained();
  expect(events.join(" ")).toContain("reply read start");
});

it("each lane keeps its floor of slots while the other is full of slow tasks", async () => {
  const running = { express: 0, regular: 0 };
  const release: (() => void)[] = [];
  runner = startRunner(
    server,
    (payload) =>
      new Promise((resolve) => {
        running[payload === "express" ? "express" : "regular"]++;
        release.push(() => resolve(undefined));
      }),
    { concurrency: 16, taskTimeoutMs: 60_000 },
  );
  const submit = (lane: "express" | "regular", count: number) => {
    const task = { type: TYPE, priority: lane === "express" ? 20 : 1, payloadJson: JSON.stringify(lane) };
    return createSubmission(redis).submit(Array.from({ length: count }, () => task));
  };
  await submit("regular", 100);
  await eventually(
    () => running.regular,
    (count) => count === 14,
  );
  // No more entries are read than can run.
  expect(((await server.client.xpending(stream, keys.queue(TYPE, "regular").group)) as [number])[0]).toBe(14);
  await submit("express", 100);
  await eventually(
    () => running.express,
    (count) => count === 2,
  );
  // Released slots go to the express lane first, except the floor of the regular lane.
  for (let freed = 0; freed < 12; freed++) release.shift()?.();
  await eventually(
    () => running,
    ({ express }) => express === 14,
  );
  expect(running.regular).toBe(14);
  for (const end of release) end();
});
