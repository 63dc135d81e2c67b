import { Link } from "@mcp-orchestrator/e2e/testkit/network/link";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisUnavailableError } from "../../src/errors.ts";
import type { QueueKeys } from "../../src/keys.ts";
import { createLog } from "../../src/log.ts";
import { PollConnection } from "../../src/queue/consume/pollConnection.ts";
import type { TaskRunner, TaskRunnerDeps } from "../../src/queue/consume/taskRunner.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, startRunner, TYPE, testSettings } from "../support/worker.ts";

/**
 * After any disturbance of its connections, a worker must work again within this time: one poll that hangs until its
 * deadline, one pause before the new connection, and a margin for a busy machine.
 */
const BUSY_MACHINE_MS = 2_000;
const RECOVERY_BOUND_MS = testSettings.blockMs + testSettings.commandTimeoutMs + 2_000 + BUSY_MACHINE_MS;

let server: RedisServer;
let redis: RedisClient;
let runner: TaskRunner;
let done: Map<unknown, number>;
beforeAll(async () => {
  server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
  redis = createRedis(server.settings(), "commands", "test");
  redis.on("error", () => undefined);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.[Symbol.asyncDispose]();
});

const queues = keys.queues(TYPE);
let next = 0;

/** Submits tasks of both lanes, repeatedly until Redis accepts them. All have ids, so that none is duplicated. */
async function submit(count: number): Promise<string[]> {
  const tasks = Array.from({ length: count }, () => {
    const taskId = `task-${next++}`;
    return { type: TYPE, priority: next % 2 === 0 ? 1 : 20, payloadJson: JSON.stringify(taskId), taskId };
  });
  await eventually(
    () =>
      createSubmission(redis)
        .submit(tasks)
        .catch((error: unknown) => error),
    (outcome) => {
      if (outcome instanceof Error && !(outcome instanceof RedisUnavailableError)) throw outcome;
      return Array.isArray(outcome);
    },
    RECOVERY_BOUND_MS,
  );
  return tasks.map(({ taskId }) => taskId);
}

async function allDone(ids: readonly string[]): Promise<void> {
  await eventually(
    () => ids.filter((id) => !done.has(id)),
    (missing) => missing.length === 0,
    RECOVERY_BOUND_MS,
  );
}

async function settled(): Promise<void> {
  await eventually(
    async () =>
      (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ depth, pending, unaccounted }) => [
        depth,
        pending,
        unaccounted,
      ]),
    (rows) => rows.every((row) => row.every((value) => value === 0)),
    RECOVERY_BOUND_MS,
  );
}

function start({ port = server.port, concurrency = testSettings.concurrency } = {}): TaskRunner {
  return startRunner(
    server,
    async (payload) => {
      done.set(payload, (done.get(payload) ?? 0) + 1);
    },
    { concurrency },
    {
      openRedis: (purpose, name) => {
        const client = createRedis({ ...server.settings(), url: `redis://127.0.0.1:${port}` }, purpose, name);
        client.on("error", () => undefined);
        return client;
      },
    },
  );
}

it("without Redis, a worker reopens its connections after growing pauses", async () => {
  const opened: number[] = [];
  const nowhere = { ...server.settings(), url: "redis://127.0.0.1:1" };
  const openRedis: TaskRunnerDeps["openRedis"] = (purpose, name) => {
    if (purpose === "blocking") opened.push(performance.now());
    return createRedis(nowhere, purpose, name);
  };
  const lost = startRunner({ settings: () => nowhere }, async () => null, {}, { openRedis });
  await eventually(
    () => opened.length,
    (count) => count >= 8,
    RECOVERY_BOUND_MS,
  );
  await lost.drain(0);
  // Of two lanes, one was the fourth time there: at least 50, 100 and 200 ms later than the first time.
  expect((opened[7] ?? 0) - (opened[0] ?? 0)).toBeGreaterThanOrEqual(340);
});

it("a connection that does not get ready in time is closed, not left behind", async () => {
  await using proxy = await Link.open(server.port);
  // Redis accepts the connection and answers too late.
  await server.client.call("CLIENT", "PAUSE", "1000", "ALL");
  const url = `redis://127.0.0.1:${proxy.port}`;
  const opening = PollConnection.open({
    ...{ queue: queues[0] as QueueKeys, consumer: "slow", blockMs: 100, marginMs: 100, connectTimeoutMs: 200 },
    open: () => createRedis({ ...server.settings(), url }, "blocking", "slow"),
  });
  await expect(opening).rejects.toMatchObject({ kind: "timeout", message: "Redis connection timeout after 200 ms" });
  await eventually(
    () => proxy.connections,
    (count) => count === 0,
    RECOVERY_BOUND_MS,
  );
});

describe("the connections of a worker", () => {
  beforeEach(async () => {
    await server.client.flushall();
    done = new Map();
    runner = start();
    await allDone(await submit(10));
    return () => runner.drain(0);
  });

  it("may be killed, each in turn", async () => {
    const list = (await server.client.client("LIST")) as string;
    const clients = list.split("\n").flatMap((line) => {
      const [, id, name] = /^id=(\d+) .*? name=(\S*)/.exec(line) ?? [];
      return id !== undefined && name?.includes(TYPE) ? [{ id, name }] : [];
    });
    expect(clients.map(({ name }) => name).toSorted()).toEqual([`express_${TYPE}_0`, `${TYPE}_0`, `regular_${TYPE}_0`]);
    for (const { id } of clients) {
      await server.client.client("KILL", "ID", id);
      await allDone(await submit(20));
    }
    await settled();
  });

  it("may all be killed at once while tasks run", async () => {
    for (let round = 0; round < 5; round++) {
      const ids = await submit(300);
      await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await allDone(ids);
    }
    await settled();
  });

  it("may all be killed at once while a worker with many slots has prefetched entries", async () => {
    await runner.drain(0);
    runner = start({ concurrency: 400 });
    for (let round = 0; round < 5; round++) {
      const ids = await submit(3_000);
      await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await allDone(ids);
    }
    await settled();
  });

  it("may hang in a paused Redis", async () => {
    await server.client.call(
      "CLIENT",
      "PAUSE",
      String(testSettings.blockMs + testSettings.commandTimeoutMs + 500),
      "ALL",
    );
    await allDone(await submit(20));
    await settled();
  });

  it("may lose Redis for longer than a poll blocks, for example by a crash, and find its data again", async () => {
    const ids = await submit(500);
    await server.stop("SIGKILL");
    const polled = runner.health().lastPollCompletedAtMs;
    await eventually(
      () => performance.now(),
      (now) => now > polled.regular + 3 * testSettings.blockMs,
    );
    // Readiness and mcp_active_workers use this time to detect that no entries are read.
    expect(runner.health().lastPollCompletedAtMs).toEqual(polled);
    await server.start();
    await allDone(ids);
    await allDone(await submit(20));
    await settled();
  });
});

it("a lost connection of a lane is logged once, and once as restored by its first answer", async () => {
  await server.client.flushall();
  const lines: string[] = [];
  const logged = (text: string) => lines.filter((line) => line.includes(text)).length;
  const restored = () => logged("restored");
  const log = createLog("info", { write: (line: string) => void lines.push(line) });
  const worker = startRunner(server, async () => undefined, {}, { log });
  const polled = () => Object.values(worker.health().lastPollCompletedAtMs);
  const polledAgain = async () => {
    const before = polled();
    await eventually(polled, (now) => now.every((atMs, lane) => atMs > (before[lane] ?? 0)), RECOVERY_BOUND_MS);
  };
  try {
    await eventually(polled, (atMs) => atMs.every((at) => at > 0), RECOVERY_BOUND_MS);
    await polledAgain();
    expect([logged("failed"), restored()]).toEqual([0, 0]);
    await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await eventually(restored, (count) => count === queues.length, RECOVERY_BOUND_MS);
    await polledAgain();
    expect([logged("failed"), restored()]).toEqual([queues.length, queues.length]);
  } finally {
    await worker.drain(0);
  }
});

it.each(["silent", "answersHeld", "requestsHeld"] as const)(
  "a drain keeps its time limit although Redis stops to answer during recovery (%s)",
  async (mode) => {
    await server.client.flushall();
    const { group, stream } = queues[1] as QueueKeys;
    await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM");
    await submit(1_000);
    await server.client.xreadgroup("GROUP", group, "regular_gone", "STREAMS", stream, ">");
    await using proxy = await Link.open(server.port);
    const commandTimeoutMs = 2_500;
    const settings = () => ({ ...server.settings({ commandTimeoutMs }), url: `redis://127.0.0.1:${proxy.port}` });
    const started = Promise.withResolvers<void>();
    const slow = startRunner(
      { settings },
      async () => {
        started.resolve();
        await new Promise((resolve) => setTimeout(resolve, 100));
      },
      { commandTimeoutMs, orphanMinIdleMs: 0 },
    );
    await started.promise;
    slow.recover();
    proxy.set(mode);
    const from = performance.now();
    await slow.drain(300);
    // Commands in progress, acknowledgements, and one command that releases the rest.
    expect(performance.now() - from).toBeLessThan(1_000 + 1_000 + commandTimeoutMs + BUSY_MACHINE_MS);
  },
);

it("a connection that hangs without being closed is replaced after its deadline", async () => {
  await server.client.flushall();
  done = new Map();
  await using proxy = await Link.open(server.port);
  const hanging = start({ port: proxy.port });
  try {
    await allDone(await submit(10));
    await eventually(
      () => proxy.connections,
      (count) => count === 3,
    );
    proxy.freeze();
    await allDone(await submit(50));
    await eventually(
      async () => (await Promise.all(queues.map(({ stream }) => redis.xlen(stream)))).reduce((a, b) => a + b),
      (left) => left === 0,
      RECOVERY_BOUND_MS,
    );
  } finally {
    await hanging.drain(0);
  }
});
