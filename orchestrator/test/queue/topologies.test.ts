import { setTimeout as sleep } from "node:timers/promises";
import { Link } from "@mcp-orchestrator/e2e/testkit/network/link";
import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { RedisUnavailableError } from "../../src/errors.ts";
import { createKeys } from "../../src/keys.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { createRedis, type RedisClient, type RedisSettings } from "../../src/redis/connection.ts";
import { startCluster, startSingleNodeCluster } from "../support/redisCluster.ts";
import { type RedisServer, startSentinelSet } from "../support/redisServer.ts";
import { createSubmission, startRunner, TYPE } from "../support/worker.ts";

/** Runs tasks on the Redis of these settings during `disturb`, and reads all results. */
async function work(
  settings: RedisSettings,
  server: RedisServer,
  prefix: string,
  disturb: (redis: RedisClient) => Promise<void>,
) {
  const keys = createKeys(prefix);
  const open = (purpose: "commands" | "blocking", name: string) => {
    const client = createRedis(settings, purpose, name);
    client.on("error", () => undefined);
    return client;
  };
  const redis = open("commands", "test");
  const runs = new Map<unknown, number>();
  const runner = startRunner(
    server,
    async (payload) => {
      runs.set(payload, (runs.get(payload) ?? 0) + 1);
      await sleep(1);
      return payload;
    },
    {},
    { keys, openRedis: open },
  );
  try {
    const submission = createSubmission(redis, { keys });
    const lookup = new TaskLookup(redis, keys, [TYPE]);
    const submit = async (from: number, count: number) => {
      const tasks = Array.from({ length: count }, (_, at) => ({
        type: TYPE,
        priority: at % 20,
        payloadJson: String(from + at),
        taskId: `task-${from + at}`,
      }));
      await eventually(
        () => submission.submit(tasks).catch((error: unknown) => error),
        (outcome) => {
          if (outcome instanceof Error && !(outcome instanceof RedisUnavailableError)) throw outcome;
          return Array.isArray(outcome);
        },
        30_000,
      );
    };
    await submit(0, 500);
    await disturb(redis);
    await submit(500, 500);
    for (let at = 0; at < 1_000; at++) {
      const view = await eventually(
        () => lookup.find(`task-${at}`).catch((error: unknown) => ({ status: String(error), resultJson: String(at) })),
        (found) => found?.status === "completed",
        30_000,
      );
      expect(view?.resultJson).toBe(String(at));
    }
    const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
    expect(queues.map(({ depth, unaccounted }) => [depth, unaccounted])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    // At least once: tasks in flight may run twice, at most as many as a worker has slots.
    expect([...runs.values()].filter((times) => times > 1).length).toBeLessThanOrEqual(100);
  } finally {
    await runner.drain(0);
    redis.disconnect();
  }
}

it.concurrent("all tasks complete on a Redis Cluster of three nodes, although the node with the queues crashes", async () => {
  await using stack = new AsyncDisposableStack();
  const durable = ["--appendonly", "yes", "--appendfsync", "always"];
  const nodes = await startCluster(stack, 3, "--cluster-node-timeout", "2000", ...durable);
  const [first] = nodes as [RedisServer];
  const settings = first.settings({ clusterNodes: nodes.map(({ port }) => ({ host: "127.0.0.1", port })) });
  const slot = (await first.client.cluster("KEYSLOT", "{mcp}:queue:x")) as number;
  const owner = nodes[Math.floor((slot * 3) / 16_384)] as RedisServer;
  await work(settings, first, "{mcp}", async () => {
    await owner.stop("SIGKILL");
    await owner.start();
  });
  expect(await owner.client.dbsize()).toBeGreaterThan(0);
});

it.concurrent("tasks for whose acceptance a Cluster sent no answer are accepted once", async () => {
  await using server = await startSingleNodeCluster();
  await using proxy = await Link.open(server.port);
  await server.client.config("SET", "cluster-announce-port", String(proxy.port));
  const clusterNodes = [{ host: "127.0.0.1", port: proxy.port }];
  const redis = createRedis(server.settings({ clusterNodes }), "commands", "test");
  redis.on("error", () => undefined);
  using _redis = { [Symbol.dispose]: () => redis.disconnect() };
  const keys = createKeys("{mcp}");
  const submission = createSubmission(redis, { keys });
  const task = { type: TYPE, priority: 1, payloadJson: "1" };
  const { stream } = keys.queue(TYPE, "regular");
  await submission.submit([task]);

  proxy.set("answersHeld");
  const submitted = submission.submit([task, task]);
  submitted.catch(() => undefined);
  await eventually(
    () => server.client.xlen(stream),
    (length) => length === 3,
  );
  proxy.reset();
  proxy.set("pass");
  await expect(submitted).rejects.toThrow(RedisUnavailableError);
  await eventually(
    () => submission.submit([task]).catch(() => undefined),
    (receipts) => receipts !== undefined,
  );
  expect(await server.client.xlen(stream)).toBe(4);
});

it.concurrent("an unreachable Cluster is reported as such, in time", async () => {
  const port = await freePort();
  const settings = { url: `redis://127.0.0.1:${port}`, sentinels: [], sentinelName: "", connectTimeoutMs: 500 };
  const clusterNodes = [{ host: "127.0.0.1", port }];
  const redis = createRedis({ ...settings, clusterNodes, commandTimeoutMs: 500 }, "commands", "test");
  redis.on("error", () => undefined);
  try {
    const task = { type: TYPE, priority: 1, payloadJson: "1" };
    const submitted = createSubmission(redis, { keys: createKeys("{mcp}") }).submit([task]);
    await expect(submitted).rejects.toThrow(RedisUnavailableError);
  } finally {
    redis.disconnect();
  }
}, 10_000);

it.concurrent("with Sentinel, the service continues on the replica after the master is killed", async () => {
  await using stack = new AsyncDisposableStack();
  const { master, replica, settings } = await startSentinelSet(stack);
  await work(settings, master, "mcp", async (redis) => {
    // Replication is asynchronous. This test is about the failover, not about losses of a crash in the same ms. WAIT covers
    // only writes of its own connection.
    expect(await redis.wait(1, 5_000)).toBe(1);
    await master.stop("SIGKILL");
    await eventually(
      () => replica.client.info("replication"),
      (info) => info.includes("role:master"),
      30_000,
    );
  });
});
