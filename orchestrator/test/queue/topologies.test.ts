import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { RedisUnavailableError } from "../../src/errors.ts";
import { createKeys } from "../../src/keys.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { createRedis, type RedisClient, type RedisSettings } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis, startSentinel } from "../support/redisServer.ts";
import { createSubmission, startRunner, TYPE } from "../support/worker.ts";

/** Works through tasks on whatever the settings lead to, while `disturb` happens, and asks for every result. */
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
    // At least once: what was under way may run twice, never more than the slots of a worker.
    expect([...runs.values()].filter((times) => times > 1).length).toBeLessThanOrEqual(100);
  } finally {
    await runner.drain(0);
    redis.disconnect();
  }
}

it.concurrent("a Redis Cluster of three nodes, with the node that holds the queues crashing, does all the work", async () => {
  const options = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "2000",
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
  ];
  await using stack = new AsyncDisposableStack();
  const nodes: RedisServer[] = [];
  for (let node = 0; node < 3; node++) nodes.push(stack.use(await startRedis(...options)));
  for (const [at, { client, port }] of nodes.entries()) {
    await client.cluster("ADDSLOTSRANGE", Math.floor((at * 16_384) / 3), Math.floor(((at + 1) * 16_384) / 3) - 1);
    if (at > 0) await nodes[0]?.client.cluster("MEET", "127.0.0.1", port);
  }
  await eventually(
    () => Promise.all(nodes.map(({ client }) => client.cluster("INFO") as Promise<string>)),
    (infos) => infos.every((info) => info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3")),
    20_000,
  );
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

it.concurrent("a Cluster that cannot be reached is reported as such, in time", async () => {
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

it.concurrent("a Sentinel set whose master is killed goes on with the replica", async () => {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis());
  const replica = stack.use(await startRedis("--replicaof", `127.0.0.1 ${master.port}`));
  const sentinel = stack.use(
    await startSentinel(
      `sentinel monitor mcp 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds mcp 500",
      "sentinel failover-timeout mcp 2000",
    ),
  );
  await eventually(
    async () => (await master.client.info("replication")).match(/state=online,offset=(\d+)/)?.[1],
    (offset) => offset !== undefined,
    20_000,
  );
  const settings = master.settings({ sentinels: [{ host: "127.0.0.1", port: sentinel.port }], sentinelName: "mcp" });
  await work(settings, master, "mcp", async (redis) => {
    // Replication is asynchronous: what this test shows is the failover, not what a crash in the same ms loses. WAIT is
    // about what its own connection has written.
    expect(await redis.wait(1, 5_000)).toBe(1);
    await master.stop("SIGKILL");
    await eventually(
      () => replica.client.info("replication"),
      (info) => info.includes("role:master"),
      30_000,
    );
  });
});
