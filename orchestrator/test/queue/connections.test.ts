import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisUnavailableError } from "../../src/errors.ts";
import type { TaskRunner } from "../../src/queue/consume/taskRunner.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { startTcpProxy } from "../support/tcpProxy.ts";
import { createSubmission, keys, startRunner, TYPE, testSettings } from "../support/worker.ts";

/**
 * However the connections of a worker are disturbed, it works again within this time after they could: one poll that
 * hangs until its deadline, one pause before the new connection, and some for a busy machine.
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

/** Submits tasks of both lanes, again and again until Redis takes them: all have ids, so that none is doubled. */
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

describe("a worker's connections", () => {
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

  it("may all be killed at once, while work is under way", async () => {
    for (let round = 0; round < 5; round++) {
      const ids = await submit(300);
      await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await allDone(ids);
    }
    await settled();
  });

  it("may all be killed at once, while a wide worker has read ahead", async () => {
    await runner.drain(0);
    runner = start({ concurrency: 400 });
    for (let round = 0; round < 5; round++) {
      const ids = await submit(3_000);
      await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await allDone(ids);
    }
    await settled();
  });

  it("may stand still in a paused Redis", async () => {
    await server.client.call(
      "CLIENT",
      "PAUSE",
      String(testSettings.blockMs + testSettings.commandTimeoutMs + 500),
      "ALL",
    );
    await allDone(await submit(20));
    await settled();
  });

  it("may lose Redis for longer than a poll blocks, as by a crash, and find its data again", async () => {
    const ids = await submit(500);
    await server.stop("SIGKILL");
    const polled = runner.health().lastPollCompletedAtMs;
    await eventually(
      () => performance.now(),
      (now) => now > polled.regular + 3 * testSettings.blockMs,
    );
    // What readiness and mcp_active_workers look at tells that nothing is consumed.
    expect(runner.health().lastPollCompletedAtMs).toEqual(polled);
    await server.start();
    await allDone(ids);
    await allDone(await submit(20));
    await settled();
  });
});

it("a connection that hangs without being closed is given up by its own deadline", async () => {
  await server.client.flushall();
  done = new Map();
  await using proxy = await startTcpProxy(server.port);
  const hanging = start({ port: proxy.port });
  try {
    await allDone(await submit(10));
    await eventually(
      () => proxy.connections,
      (count) => count === 3,
    );
    proxy.hangOpenOnes();
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
