import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCompletion } from "../../src/queue/complete/completion.ts";
import type { TaskRunner } from "../../src/queue/consume/taskRunner.ts";
import { ensureGroup } from "../../src/queue/groups.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Leases } from "../../src/queue/recover/leases.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { aclRules, OPTIONAL_COMMANDS } from "../../src/redis/permissions.ts";
import { NEWEST_REDIS, type RedisServer, SYSTEM_REDIS, startRelease } from "../support/redisServer.ts";
import { countingTelemetry, createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

const user = { username: "service", password: "secret" };
const { stream } = keys.queue(TYPE, "regular");

/** A user with XACKDEL cannot acknowledge once both commands are denied. */
describe.each([
  ["by XACK and XDEL", { program: SYSTEM_REDIS, optional: [] }],
  ["by XACKDEL", { program: NEWEST_REDIS, optional: OPTIONAL_COMMANDS }],
  ["by XACK and XDEL, since XACKDEL is known and not permitted,", { program: NEWEST_REDIS, optional: [] }],
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
    await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix, optional));
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

  it("takes the commands that are there and permitted", async () => {
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

  it("of an entry that a stranger has deleted leaves nothing pending", async () => {
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
    "that is denied leaves the entry pending and its task done once (results kept for %i s)",
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
      // Their results are there, whatever becomes of the entries.
      expect(counts["regular completed"]).toBe(2);
      expect(await server.client.xlen(stream)).toBe(2);
      expect(await balance()).toEqual([0, 0]);
      if (ttl > 0) {
        const lookup = new TaskLookup(redis, keys, [TYPE]);
        expect(await lookup.find(own?.taskId ?? "")).toMatchObject({ status: "completed", resultJson: '"done"' });
        expect(await lookup.find(chosen?.taskId ?? "")).toMatchObject({ status: "completed", resultJson: '"done"' });
      }

      // A new process does not know what the old one had finished.
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

  it("that is denied is made up for by its own worker, however often the main process renews its leases", async () => {
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
      2_000,
    );
    // The entry is gone before the worker has read the answer that says so.
    await eventually(
      () => counts["regular acks ok"],
      (ok) => ok === 1,
    );
    expect(counts).toMatchObject({ "regular completed": 1 });
    expect(counts["regular orphans"]).toBeUndefined();
  });

  it("that is denied makes neither a second dead letter nor a second retry", async () => {
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

  it("of one entry, handed in twice, is booked once", async () => {
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

  it("that a retry rescues counts as an error and an ok, and as no failure", async () => {
    const { telemetry, counts } = countingTelemetry();
    await deny();
    runner = startRunner(server, async () => "ok", { ackBackoffMs: 400 }, { telemetry, openRedis });
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
    await eventually(
      () => counts["regular acks error"],
      (errors) => errors === 1,
    );
    await allow();
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
