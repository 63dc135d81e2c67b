import { Link } from "@mcp-orchestrator/e2e/testkit/network/link";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { pino } from "pino";
import { expect, it } from "vitest";
import { RedisUnavailableError } from "../../src/errors.ts";
import { TaskAccounting } from "../../src/queue/inspect/accounting.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Acceptances } from "../../src/queue/submit/acceptances.ts";
import { createRedis, type RedisClient, type RedisSettings } from "../../src/redis/connection.ts";
import { replicates, startRedis, startSentinelSet } from "../support/redisServer.ts";
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

const accounting = async (redis: RedisClient) =>
  (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ depth, unaccounted }) => [depth, unaccounted]);

it("accepted tasks that a failover lost are unaccounted for, once, and can be written off", async () => {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis());
  const replication = stack.use(await Link.open(master.port));
  const replica = stack.use(await startRedis("--replicaof", `127.0.0.1 ${replication.port}`));
  const service = stack.use(await Link.open(master.port));
  const settings = master.settings({ url: `redis://127.0.0.1:${service.port}` });
  const redis = connect(stack, settings);
  await replicates(replica);
  const log = pino({ level: "silent" });
  const acceptances = new Acceptances(redis, keys, [TYPE], "a-life", log);
  const submission = createSubmission(redis, { acceptances });
  await submission.submit([...many(10), { ...task, delayMs: 60_000 }]);
  expect(await acceptances.reconcile()).toBe(0);
  expect(await redis.wait(1, 5_000)).toBe(1);
  // From here on the replica receives no writes, and the master does not notice.
  replication.freeze();
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
  // Not counted again. Later tasks count from here.
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

it("duplicates, rejected batches and lost replies do not count as lost tasks", async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startRedis());
  const proxy = stack.use(await Link.open(server.port));
  const redis = connect(stack, server.settings({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 300 }));
  const acceptances = new Acceptances(redis, keys, [TYPE], "a-life", pino({ level: "silent" }));
  const submission = createSubmission(redis, { acceptances, maxQueueDepth: 5 });
  await submission.submit([{ ...task, taskId: "one" }]);
  await submission.submit([{ ...task, taskId: "one" }]);
  await expect(submission.submit(many(6))).rejects.toThrow("depth limit");
  proxy.freeze();
  await expect(submission.submit(many(1))).rejects.toThrow(RedisUnavailableError);
  const lost = await eventually(
    () => acceptances.reconcile().catch(() => undefined),
    (count) => count !== undefined,
  );
  expect(lost).toBe(0);
  expect(await server.client.hgetall(acceptances.key)).toEqual({ [keys.queue(TYPE, "regular").stream]: "1" });
});

it("with a wait for replicas, a task that only the master has is not accepted", async () => {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis());
  const replication = stack.use(await Link.open(master.port));
  const replica = stack.use(await startRedis("--replicaof", `127.0.0.1 ${replication.port}`));
  await replicates(replica);
  const redis = connect(stack, master.settings({ commandTimeoutMs: 30_000 }));
  // The first submission also loads the script, and waits nevertheless.
  await createSubmission(redis, { replicas: { ...WAIT, timeoutMs: 20_000 } }).submit(many(1));
  const submission = createSubmission(redis, { replicas: WAIT });
  expect(await replica.client.xlen(keys.queue(TYPE, "regular").stream)).toBe(1);
  replication.freeze();
  await expect(submission.submit(many(1))).rejects.toThrow("0 of 1 replicas confirmed within 300 ms");
  // What is refused anyway need not be confirmed.
  const full = createSubmission(redis, { replicas: WAIT, maxQueueDepth: 1 });
  await expect(full.submit(many(1))).rejects.toThrow("depth limit");
  await master.client.script("FLUSH");
  await expect(submission.submit(many(1))).rejects.toThrow(RedisUnavailableError);
  expect(await replica.client.xlen(keys.queue(TYPE, "regular").stream)).toBe(1);
});

it("with a wait for replicas and Sentinel, no accepted task is lost if the master is killed under load", async () => {
  await using stack = new AsyncDisposableStack();
  const { master, replica, settings } = await startSentinelSet(stack);
  const redis = connect(stack, settings);
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
  // The new master has no replica yet, so no task is accepted.
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
