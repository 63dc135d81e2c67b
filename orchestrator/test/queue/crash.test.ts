import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeadLetters } from "../../src/queue/deadLetters.ts";
import { TaskLookup } from "../../src/queue/lookup.ts";
import { readSnapshot } from "../../src/queue/snapshot.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { COMPILE_CACHE } from "../support/compileCache.ts";
import { eventually } from "../support/eventually.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, TYPE, testSettings } from "../support/worker.ts";

const SCRIPT = fileURLToPath(new URL("../support/workerProcess.ts", import.meta.url));
const WORKERS = 3;

let server: RedisServer;
let redis: RedisClient;
let workers: ChildProcess[];
let restarting: boolean;

/** Starts a worker, and again whenever it dies. */
async function startWorker(index: number): Promise<void> {
  const child = fork(SCRIPT, [String(server.port), String(index)], {
    env: { ...process.env, ...COMPILE_CACHE },
    stdio: "ignore",
  });
  workers[index] = child;
  child.once("exit", () => {
    if (restarting) void startWorker(index);
  });
  await Promise.race([once(child, "message"), once(child, "exit")]);
}

beforeEach(async () => {
  server = await startRedis();
  redis = createRedis(server.settings(), "commands", "test");
  workers = [];
  restarting = true;
  await Promise.all(Array.from({ length: WORKERS }, (_, index) => startWorker(index)));
});
afterEach(async () => {
  restarting = false;
  for (const worker of workers) worker.kill("SIGKILL");
  redis?.disconnect();
  await server?.[Symbol.asyncDispose]();
});

async function submit(payloads: readonly unknown[]): Promise<string[]> {
  const tasks = payloads.map((payload, at) => ({
    type: TYPE,
    priority: at % 20,
    payloadJson: JSON.stringify(payload),
  }));
  return (await createSubmission(redis).submit(tasks)).map(({ taskId }) => taskId);
}

async function finished(): Promise<void> {
  await eventually(
    async () =>
      (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ depth, unaccounted }) => [depth, unaccounted]),
    (rows) => rows.flat().every((value) => value === 0),
    100_000,
  );
}

const runs = async () => (await server.client.hgetall("runs")) as Record<string, string>;

describe("worker processes", () => {
  it("that are killed in turn under load lose nothing, and repeat no more than they had under way", async () => {
    const ids = await submit(Array.from({ length: 600 }, (_, at) => at));
    const kills = 2 * WORKERS;
    for (let kill = 0; kill < kills; kill++) {
      const before = Object.keys(await runs()).length;
      await eventually(runs, (seen) => Object.keys(seen).length >= Math.min(ids.length - 100, before + 40), 60_000);
      workers[kill % WORKERS]?.kill("SIGKILL");
    }
    await finished();
    const lookup = new TaskLookup(redis, keys, [TYPE]);
    for (const [at, id] of ids.entries())
      expect(await lookup.find(id)).toMatchObject({ status: "completed", result: at });
    const repeated = Object.values(await runs()).reduce((sum, times) => sum + Number(times) - 1, 0);
    const underWay = testSettings.concurrency + Math.max(64, 2 * testSettings.concurrency);
    expect(repeated).toBeLessThanOrEqual(kills * underWay);
  });

  it("of which one is stopped until it is a zombie, and then goes on, do every task and believe it once", async () => {
    const ids = await submit(Array.from({ length: 400 }, (_, at) => at));
    await eventually(runs, (seen) => Object.keys(seen).length >= 50, 30_000);
    const zombie = workers[0];
    zombie?.kill("SIGSTOP");
    await finished();
    zombie?.kill("SIGCONT");
    const more = await submit(["after"]);
    await finished();
    const lookup = new TaskLookup(redis, keys, [TYPE]);
    for (const id of [...ids, ...more]) expect(await lookup.find(id)).toMatchObject({ status: "completed" });
    expect(await redis.xlen(keys.deadLetters)).toBe(0);
  });

  it("that a task takes down give it up as poison, and do all the others", async () => {
    const payloads = Array.from({ length: 60 }, (_, at) => (at === 30 ? "die" : at));
    const ids = await submit(payloads);
    await finished();
    const { items } = await new DeadLetters(redis, keys, [TYPE]).list({ limit: 10 });
    expect(items.map(({ taskId, reason }) => [taskId, reason])).toEqual([[ids[30], "poison"]]);
    const lookup = new TaskLookup(redis, keys, [TYPE]);
    for (const [at, id] of ids.entries()) {
      expect(await lookup.find(id)).toMatchObject({ status: at === 30 ? "failed" : "completed" });
    }
  });
});
