import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { pino } from "pino";
import { expect, it } from "vitest";
import { RedisUnavailableError } from "../../src/errors.ts";
import { TaskAccounting } from "../../src/queue/inspect/accounting.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Acceptances } from "../../src/queue/submit/acceptances.ts";
import { createRedis, type RedisClient, type RedisSettings } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis, startSentinel } from "../support/redisServer.ts";
import { startTcpProxy } from "../support/tcpProxy.ts";
import { createSubmission, keys, TYPE } from "../support/worker.ts";

const task = { type: TYPE, priority: 1, payloadJson: "1" };
const many = (count: number) => Array.from({ length: count }, () => task);
const WAIT = { count: 1, timeoutMs: 300 };

function connect(stack: AsyncDisposableStack, settings: RedisSettings): RedisClient {
  const redis = createRedis(settings, "commands", "test");
  redis.on("error", () => undefined);
  stack.defer(() => redis.disconnect());
  return redis;
}

async function replicates(replica: RedisServer): Promise<void> {
  await eventually(
    () => replica.client.info("replication"),
    (info) => info.includes("master_link_status:up"),
    20_000,
  );
}

const accounting = async (redis: RedisClient) =>
  (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ depth, unaccounted }) => [depth, unaccounted]);

it("tasks that were accepted and that a fail-over lost are unaccounted for, once, and can be written off", async () => {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis());
  const replication = stack.use(await startTcpProxy(master.port));
  const replica = stack.use(await startRedis("--replicaof", `127.0.0.1 ${replication.port}`));
  const service = stack.use(await startTcpProxy(master.port));
  const settings = master.settings({ url: `redis://127.0.0.1:${service.port}` });
  const redis = connect(stack, settings);
  await replicates(replica);
  const log = pino({ level: "silent" });
  const acceptances = new Acceptances(redis, keys, [TYPE], "a-life", log);
  const submission = createSubmission(redis, { acceptances });
  await submission.submit([...many(10), { ...task, delayMs: 60_000 }]);
  expect(await acceptances.reconcile()).toBe(0);
  expect(await redis.wait(1, 5_000)).toBe(1);
  // From here on the replica gets nothing, and the master does not notice.
  replication.hangOpenOnes();
  await submission.submit([
    ...many(47),
    { ...task, delayMs: 60_000 },
    { ...task, priority: 20 },
    { ...task, priority: 20 },
  ]);
  expect(await acceptances.reconcile()).toBe(0);
  expect(await accounting(redis)).toEqual([
    [2, 0],
    [57, 0],
  ]);

  await replica.client.replicaof("NO", "ONE");
  service.retarget(replica.port);
  await master.stop("SIGKILL");
  const lost = await eventually(
    () => acceptances.reconcile().catch(() => undefined),
    (count) => count !== undefined,
  );
  expect(lost).toBe(50);
  expect(await accounting(redis)).toEqual([
    [0, 2],
    [10, 48],
  ]);
  // Not a second time; and what comes after counts from there.
  expect(await acceptances.reconcile()).toBe(0);
  await submission.submit(many(3));
  expect(await acceptances.reconcile()).toBe(0);
  const taskAccounting = new TaskAccounting(redis, keys, () => readSnapshot(redis, keys, [TYPE], 0));
  await taskAccounting.writeOff(TYPE, "regular", 48);
  await taskAccounting.writeOff(TYPE, "express", 2);
  expect(await accounting(redis)).toEqual([
    [0, 0],
    [13, 0],
  ]);
});

it("a duplicate, a rejected batch and one whose reply was lost are not taken for lost tasks", async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startRedis());
  const proxy = stack.use(await startTcpProxy(server.port));
  const redis = connect(stack, server.settings({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 300 }));
  const acceptances = new Acceptances(redis, keys, [TYPE], "a-life", pino({ level: "silent" }));
  const submission = createSubmission(redis, { acceptances, maxQueueDepth: 5 });
  await submission.submit([{ ...task, taskId: "one" }]);
  await submission.submit([{ ...task, taskId: "one" }]);
  await expect(submission.submit(many(6))).rejects.toThrow("depth limit");
  proxy.hangOpenOnes();
  await expect(submission.submit(many(1))).rejects.toThrow(RedisUnavailableError);
  const lost = await eventually(
    () => acceptances.reconcile().catch(() => undefined),
    (count) => count !== undefined,
  );
  expect(lost).toBe(0);
  expect(await server.client.hgetall(acceptances.key)).toEqual({ [keys.queue(TYPE, "regular").stream]: "1" });
});

it("with a wait for replicas nothing is accepted that only the master has", async () => {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis());
  const replication = stack.use(await startTcpProxy(master.port));
  const replica = stack.use(await startRedis("--replicaof", `127.0.0.1 ${replication.port}`));
  await replicates(replica);
  const submission = createSubmission(connect(stack, master.settings()), { replicas: WAIT });
  // The first one finds the script unknown, and waits all the same.
  await submission.submit(many(1));
  expect(await replica.client.xlen(keys.queue(TYPE, "regular").stream)).toBe(1);
  replication.hangOpenOnes();
  await expect(submission.submit(many(1))).rejects.toThrow("0 of 1 replicas have it after 300 ms");
  await master.client.script("FLUSH");
  await expect(submission.submit(many(1))).rejects.toThrow(RedisUnavailableError);
  expect(await replica.client.xlen(keys.queue(TYPE, "regular").stream)).toBe(1);
});

it("with a wait for replicas no accepted task is lost when the master of a Sentinel set is killed under load", async () => {
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
  await replicates(replica);
  const sentinels = [{ host: "127.0.0.1", port: sentinel.port }];
  const redis = connect(stack, master.settings({ sentinels, sentinelName: "mcp" }));
  const acceptances = new Acceptances(redis, keys, [TYPE], "a-life", pino({ level: "silent" }));
  const submission = createSubmission(redis, { acceptances });
  const waiting = createSubmission(redis, { acceptances, replicas: WAIT });
  await submission.submit(many(1));
  const accepted: string[] = [];
  let refused = 0;
  let next = 0;
  let ended = false;
  const client = async () => {
    while (!ended) {
      const taskId = `task-${next++}`;
      const outcome = await waiting.submit([{ ...task, taskId }]).catch((error: unknown) => error);
      if (Array.isArray(outcome)) accepted.push(taskId);
      else if (outcome instanceof RedisUnavailableError) refused++;
      else throw outcome;
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  await eventually(
    () => accepted.length,
    (count) => count > 300,
    30_000,
  );
  await master.stop("SIGKILL");
  const before = accepted.length;
  await eventually(
    () => replica.client.info("replication"),
    (info) => info.includes("role:master"),
    30_000,
  );
  // The new master has no replica yet: without one, nothing is accepted.
  await eventually(
    () => refused,
    (count) => count > 20,
    30_000,
  );
  const another = stack.use(await startRedis("--replicaof", `127.0.0.1 ${replica.port}`));
  await replicates(another);
  await eventually(
    () => accepted.length,
    (count) => count > before + 100,
    30_000,
  );
  ended = true;
  await clients;
  const lookup = new TaskLookup(redis, keys, [TYPE]);
  const found = await Promise.all(accepted.map(async (taskId) => [taskId, (await lookup.find(taskId))?.status]));
  expect(found.filter(([, status]) => status !== "queued")).toEqual([]);
  expect(await acceptances.reconcile()).toBe(0);
});
