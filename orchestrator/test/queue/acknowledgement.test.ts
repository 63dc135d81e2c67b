import { Link, type LinkMode } from "@mcp-orchestrator/e2e/testkit/network/link";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UpstreamError } from "../../src/errors.ts";
import type { Telemetry } from "../../src/metrics/telemetry.ts";
import { createCompletion } from "../../src/queue/complete/completion.ts";
import type { TaskRunner } from "../../src/queue/consume/taskRunner.ts";
import { ensureGroup } from "../../src/queue/groups.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Leases } from "../../src/queue/recover/leases.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { aclRules, OPTIONAL_COMMANDS } from "../../src/redis/permissions.ts";
import { Script } from "../../src/redis/script.ts";
import { NEWEST_REDIS, type RedisServer, startRedis, startRelease } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const user = { username: "service", password: "secret" };
const { stream } = keys.queue(TYPE, "regular");

/** A user with XACKDEL cannot acknowledge only if both commands are denied. */
describe.each([
  ["by XACK and XDEL", { program: undefined, optional: [] }],
  ["by XACKDEL", { program: NEWEST_REDIS, optional: OPTIONAL_COMMANDS }],
  ["by XACK and XDEL, because XACKDEL is known but not permitted,", { program: NEWEST_REDIS, optional: [] }],
])("acknowledgement %s", (_, { program, optional }) => {
  let server: RedisServer;
  let redis: RedisClient;
  let runner: TaskRunner | undefined;
  beforeAll(async () => {
    server = await startRelease(program);
  });
  beforeEach(async () => {
    await server.client.flushall();
    await server.client.config("RESETSTAT");
    await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix, { optional }));
    redis = createRedis(server.settings(user), "commands", "test");
  });
  afterEach(async () => {
    await runner?.drain(0);
    runner = undefined;
    redis?.disconnect();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const acl = (...rules: string[]) => server.client.call("ACL", "SETUSER", user.username, ...rules);
  const deny = () => acl("-xack", ...optional.map((command) => `-${command}`));
  const allow = () => acl("+xack", ...optional.map((command) => `+${command}`));
  const openRedis = (purpose: "commands" | "blocking", name: string) =>
    createRedis(server.settings(user), purpose, name);
  const balance = async () => (await readSnapshot(redis, keys, [TYPE], 0)).queues.map(({ unaccounted }) => unaccounted);
  const length = (count: number) =>
    eventually(
      () => server.client.xlen(stream),
      (entries) => entries === count,
    );

  it("uses the available and permitted commands", async () => {
    runner = startRunner(server, async () => "done", {}, { openRedis });
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
    await eventually(
      async () => (await readSnapshot(redis, keys, [TYPE], 0)).queues[1]?.depth,
      (depth) => depth === 0,
    );
    const stats = await server.client.info("commandstats");
    const used = ["xack", "xdel", "xackdel"].filter((name) => stats.includes(`cmdstat_${name}:`));
    expect(used).toEqual(optional.length > 0 ? ["xackdel"] : ["xack", "xdel"]);
    expect(await balance()).toEqual([0, 0]);
  });

  it("of an entry that was deleted out of band leaves nothing pending", async () => {
    const started = Promise.withResolvers<void>();
    const deleted = Promise.withResolvers<void>();
    runner = startRunner(
      server,
      async () => {
        started.resolve();
        await deleted.promise;
      },
      {},
      { openRedis },
    );
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
    await started.promise;
    const [entry] = await server.client.xrange(stream, "-", "+");
    await server.client.xdel(stream, entry?.[0] ?? "");
    deleted.resolve();
    await eventually(
      () => server.client.xpending(stream, keys.queue(TYPE, "regular").group),
      ([pending]) => pending === 0,
    );
  });

  it.each([600, 0])(
    "that is denied leaves the entry pending, and its task is done once (results kept for %i s)",
    async (ttl) => {
      const { telemetry, counts } = countingTelemetry();
      let starts = 0;
      await deny();
      const settings = { resultTtlSeconds: ttl };
      const submission = createSubmission(redis);
      const [own, chosen] = await submission.submit([
        { type: TYPE, priority: 1, payloadJson: "1" },
        { type: TYPE, priority: 1, payloadJson: "2", taskId: "chosen" },
      ]);
      runner = startRunner(
        server,
        async () => {
          starts++;
          return "done";
        },
        settings,
        { telemetry, openRedis },
      );
      await eventually(
        () => counts["regular ack failures"],
        (failures) => failures !== undefined && failures >= 4,
      );
      expect(starts).toBe(2);
      expect(counts["regular acks error"]).toBeGreaterThanOrEqual(12);
      // Their results are stored, independently of the entries.
      expect(counts["regular completed"]).toBe(2);
      expect(await server.client.xlen(stream)).toBe(2);
      expect(await balance()).toEqual([0, 0]);
      if (ttl > 0) {
        const lookup = new TaskLookup(redis, keys, [TYPE]);
        expect(await lookup.find(own?.taskId ?? "")).toMatchObject({ status: "completed", resultJson: '"done"' });
        expect(await lookup.find(chosen?.taskId ?? "")).toMatchObject({ status: "completed", resultJson: '"done"' });
      }

      // A new process does not know which tasks the old one has finished.
      await runner.drain(0);
      runner = startRunner(
        server,
        async () => {
          starts++;
        },
        settings,
        { telemetry, openRedis },
      );
      await allow();
      await length(0);
      await eventually(
        () => counts["regular acks ok"],
        (ok) => ok === 2,
      );
      expect(starts).toBe(2);
      expect(counts["regular completed"]).toBe(2);
      expect(await balance()).toEqual([0, 0]);
    },
  );

  it("that is denied is repeated by its own worker, although the main process renews its leases", async () => {
    await deny();
    const { telemetry, counts } = countingTelemetry();
    runner = startRunner(server, async () => "done", {}, { telemetry, openRedis });
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
    await eventually(
      () => counts["regular ack failures"],
      (failures) => failures === 1,
    );
    await allow();
    const leases = new Leases(redis, keys, "");
    await eventually(
      async () => {
        await leases.runOnce([{ type: TYPE, index: 0 }], 0);
        return await server.client.xlen(stream);
      },
      (entries) => entries === 0,
    );
    // The entry is gone before the worker has read the answer that says so.
    await eventually(
      () => counts["regular acks ok"],
      (ok) => ok === 1,
    );
    expect(counts).toMatchObject({ "regular completed": 1 });
    expect(counts["regular orphans"]).toBeUndefined();
  });

  it("that is denied creates neither a second dead letter nor a second retry", async () => {
    await deny();
    const starts: Record<string, number> = {};
    runner = startRunner(
      server,
      async (payload, { attempt }) => {
        starts[`${payload} ${attempt}`] = (starts[`${payload} ${attempt}`] ?? 0) + 1;
        if (payload === "dies" || attempt === 1) throw new Error("no");
      },
      { maxAttempts: 2, retryBaseMs: 100_000, retryCapMs: 100_000, ackBackoffMs: 5 },
      { openRedis, random: () => 0.999 },
    );
    await createSubmission(redis).submit([
      { type: TYPE, priority: 1, payloadJson: '"retried"' },
      { type: TYPE, priority: 1, payloadJson: '"dies"', taskId: "dying" },
    ]);
    await eventually(
      () => server.client.zcard(keys.delayed(TYPE, "regular")),
      (delayed) => delayed === 2,
    );
    await eventually(balance, ([, regular]) => regular === 0);
    await allow();
    await length(0);
    expect(starts).toEqual({ "retried 1": 1, "dies 1": 1 });
    expect(await server.client.zcard(keys.delayed(TYPE, "regular"))).toBe(2);
    expect(await balance()).toEqual([0, 0]);
  });

  it("that is denied is settled after a restart, whether the retry still waits or has run", async () => {
    await deny();
    const starts: string[] = [];
    const settings = { retryBaseMs: 100_000, retryCapMs: 100_000, ackBackoffMs: 5 };
    const start = () =>
      startRunner(
        server,
        async (payload, { attempt }) => {
          starts.push(`${payload} ${attempt}`);
          if (attempt === 1) throw new Error("no");
          return "second";
        },
        settings,
        { openRedis },
      );
    runner = start();
    await createSubmission(redis).submit([
      { type: TYPE, priority: 1, payloadJson: '"waits"', taskId: "waits" },
      { type: TYPE, priority: 1, payloadJson: '"promoted"', taskId: "promoted" },
    ]);
    const delayed = keys.delayed(TYPE, "regular");
    await eventually(
      () => server.client.zcard(delayed),
      (count) => count === 2,
    );
    const members = await server.client.zrange(delayed, 0, -1);
    await server.client.zadd(delayed, "XX", 1, members.find((member) => member.includes('"promoted"')) ?? "");
    expect((await new Promoter(redis, keys, [TYPE]).runOnce()).moved).toBe(1);
    const lookup = new TaskLookup(redis, keys, [TYPE]);
    await eventually(
      () => lookup.find("promoted"),
      (view) => view?.status === "completed",
    );
    await runner.drain(0);
    expect(await server.client.xlen(stream)).toBe(3);

    runner = start();
    await allow();
    await length(0);
    expect(starts.toSorted()).toEqual(["promoted 1", "promoted 2", "waits 1"]);
    expect(await server.client.zcard(delayed)).toBe(1);
    expect(await lookup.find("waits")).toMatchObject({ status: "retrying", attempts: 1 });
    expect(await lookup.find("promoted")).toMatchObject({ status: "completed", attempts: 2, resultJson: '"second"' });
    expect(await balance()).toEqual([0, 0]);
  });

  it("that is denied keeps one dead letter", async () => {
    await deny();
    runner = startRunner(
      server,
      async () => {
        throw new Error("no");
      },
      { maxAttempts: 1, ackBackoffMs: 5 },
      { openRedis },
    );
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
    await eventually(
      () => server.client.xlen(keys.deadLetters),
      (letters) => letters === 1,
    );
    await allow();
    await length(0);
    expect(await new DeadLetters(redis, keys, [TYPE]).list({ limit: 9 })).toMatchObject({
      items: [{ reason: "internal" }],
    });
    expect(await balance()).toEqual([0, 0]);
  });

  it("of the same entry in two batches counts once", async () => {
    const queue = keys.queue(TYPE, "regular");
    const consumer = "regular_twice";
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
    await ensureGroup(redis, queue);
    const read = ["GROUP", queue.group, consumer, "STREAMS", stream, ">"];
    const reply = (await server.client.call("XREADGROUP", read)) as [string, [string, string[]][]][];
    const entryId = reply[0]?.[1][0]?.[0] ?? "";
    const taskId = `${TYPE}.regular.${entryId}`;
    for (const expectedPending of [1, 100]) {
      const complete = createCompletion({ redis, keys, queue, consumer, resultTtlSeconds: 60, expectedPending });
      const task = { entryId, taskId, originMs: 0, waitedMs: 0 };
      const outcome = { kind: "completed", ...task, result: "1 2 x 3", hasRecord: false } as const;
      await complete([outcome, outcome]);
      await complete([outcome]);
      expect(await server.client.hgetall(keys.ledger(TYPE))).toEqual({ "regular:completed": "1" });
    }
    expect(await balance()).toEqual([0, 0]);
  });

  it("that succeeds on a retry counts as one error and one ok, but not as a failure", async () => {
    const { telemetry: counting, counts } = countingTelemetry();
    // Allowed in the moment of the error, long before the retry.
    const telemetry: Telemetry = {
      ...counting,
      lane: (type, lane) => {
        const counters = counting.lane(type, lane);
        const ackAttempts = (ok: number, error: number) => {
          counters.ackAttempts(ok, error);
          if (error > 0) void allow();
        };
        return { ...counters, ackAttempts };
      },
    };
    await deny();
    const settings = { ackBackoffMs: 1_000 };
    runner = startRunner(server, async () => "ok", settings, { telemetry, openRedis, random: () => 0.999 });
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
    await length(0);
    // The entry is gone before the worker has read the answer that says so.
    await eventually(
      () => counts["regular acks ok"],
      (ok) => ok === 1,
    );
    expect(counts).toMatchObject({ "regular acks error": 1, "regular completed": 1, "regular latencies": 1 });
    expect(counts["regular ack failures"]).toBeUndefined();
  });
});

describe("an acknowledgement whose connection is lost", () => {
  const payloads = ["done", "kept", "dies", "again"];

  /** Runs four tasks with four outcomes. When all have ended, the connection that acknowledges them is in this mode. */
  async function finishOver(mode: LinkMode, stack: AsyncDisposableStack) {
    const server = stack.use(await startRedis());
    const link = stack.use(await Link.open(server.port));
    // Otherwise the first answer that is lost says that Redis does not know the script.
    await server.client.script("LOAD", new Script("complete").source);
    const { telemetry, counts } = countingTelemetry();
    const starts: unknown[] = [];
    const delays: number[] = [];
    const allStarted = Promise.withResolvers<void>();
    const handle = async (payload: unknown) => {
      starts.push(payload);
      if (starts.length === payloads.length) {
        link.set(mode);
        allStarted.resolve();
      }
      await allStarted.promise;
      if (payload === "dies") throw new UpstreamError("chat", "400", { permanent: true });
      if (payload === "again") throw new Error("later");
      return payload;
    };
    const runner = startRunner(
      server,
      handle,
      { retryBaseMs: 100_000, retryCapMs: 100_000 },
      {
        telemetry,
        onDelayed: (delayMs) => delays.push(delayMs),
        openRedis: (purpose, name) =>
          createRedis(
            purpose === "blocking" ? server.settings() : server.settings({ url: `redis://127.0.0.1:${link.port}` }),
            purpose,
            name,
          ),
      },
    );
    stack.defer(() => runner.drain(0));
    const tasks = payloads.map((payload) => ({ type: TYPE, priority: 1, payloadJson: JSON.stringify(payload) }));
    const { client } = server;
    const receipts = await createSubmission(client).submit(
      tasks.map((task, at) => (at === 1 ? { ...task, taskId: "chosen" } : task)),
    );
    await allStarted.promise;
    const restore = () => {
      link.reset();
      link.set("pass");
    };
    const states = async () => {
      const lookup = new TaskLookup(client, keys, [TYPE]);
      return await Promise.all(receipts.map(async ({ taskId }) => (await lookup.find(taskId))?.status));
    };
    const balance = async () => (await readSnapshot(client, keys, [TYPE], 0)).queues.map((queue) => queue.unaccounted);
    return { client, counts, starts, delays, restore, states, balance };
  }

  it("after Redis has executed it, so that the answer is lost, counts each task once and runs none again", async () => {
    await using stack = new AsyncDisposableStack();
    const { client, counts, starts, delays, restore, states, balance } = await finishOver("answersHeld", stack);
    await eventually(
      () => client.xlen(stream),
      (entries) => entries === 0,
    );
    expect(counts["regular acks ok"]).toBeUndefined();
    restore();
    await eventually(
      () => counts["regular acks ok"],
      (ok) => ok === payloads.length,
    );
    expect(counts).toEqual({
      "regular acks error": payloads.length,
      "regular acks ok": payloads.length,
      "regular completed": 2,
      "regular latencies": 2,
      "regular waits": 2,
      "regular failed upstream": 1,
    });
    expect(delays).toHaveLength(1);
    expect(starts.toSorted()).toEqual(payloads.toSorted());
    expect(await states()).toEqual(["completed", "completed", "failed", "retrying"]);
    expect(await client.xlen(keys.deadLetters)).toBe(1);
    expect(await client.zcard(keys.delayed(TYPE, "regular"))).toBe(1);
    expect(await balance()).toEqual([0, 0]);
  });

  it("before Redis has received it is late if another consumer has claimed the entries meanwhile", async () => {
    await using stack = new AsyncDisposableStack();
    const { client, counts, delays, restore, states, balance } = await finishOver("requestsHeld", stack);
    const entries = (await client.xrange(stream, "-", "+")).map(([id]) => id);
    expect(entries).toHaveLength(payloads.length);
    const { group } = keys.queue(TYPE, "regular");
    await client.call("XCLAIM", stream, group, "regular_thief", "0", ...entries, "JUSTID");
    restore();
    await eventually(
      () => counts["regular late"],
      (late) => late === payloads.length,
    );
    expect(counts).toMatchObject({ "regular acks error": payloads.length, "regular acks ok": 0 });
    for (const name of ["completed", "latencies", "failed upstream"]) expect(counts[`regular ${name}`]).toBeUndefined();
    expect(delays).toEqual([]);
    expect(await states()).toEqual(new Array(payloads.length).fill("running"));
    expect(await client.xlen(keys.deadLetters)).toBe(0);
    expect(await client.zcard(keys.delayed(TYPE, "regular"))).toBe(0);
    expect(await balance()).toEqual([0, 0]);
  });
});
