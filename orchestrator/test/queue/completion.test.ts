import { describe, expect, it } from "vitest";
import { packResult } from "../../src/queue/record.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { aclRules } from "../../src/redis/permissions.ts";
import { isFresh, isNow, useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

/** What finishing a batch leaves in Redis, value by value. */

const queue = useQueue();
const ME = "regular_reasoning_0";
const THIEF = "regular_thief";
const { stream } = keys.queue(TYPE, "regular");

const taskIdOf = (entryId: string) => `${TYPE}.regular.${entryId}`;
const completed = (entryId: string, result: unknown = entryId, taskId = taskIdOf(entryId)) =>
  ({
    kind: "completed",
    entryId,
    taskId,
    originMs: Number.parseInt(entryId, 10),
    waitedMs: 0,
    result: packResult(1_000, 2_000, ME, JSON.stringify(result)),
    hasRecord: false,
  }) as const;
const recorded = (entryId: string, taskId: string, result?: unknown) =>
  ({
    ...completed(entryId),
    taskId,
    hasRecord: true,
    result:
      result === undefined
        ? ""
        : `c ${entryId} ${entryId} ${stream} {"attempts":2,"startedAtMs":1,"finishedAtMs":2,"worker":"w","result":${JSON.stringify(result)}}`,
  }) as const;
const failed = (entryId: string, taskId = taskIdOf(entryId), message = "no luck") =>
  ({ kind: "failed", entryId, taskId, reason: "upstream", code: "UPSTREAM", message, attempts: 3 }) as const;
const retried = (entryId: string, taskId = taskIdOf(entryId), delayMs = 60_000, attempts = 1) =>
  ({
    kind: "retried",
    entryId,
    taskId,
    reason: "timeout",
    code: "TIMEOUT",
    message: "slow",
    attempts,
    delayMs,
  }) as const;
const settled = (entryId: string, taskId = taskIdOf(entryId)) => ({ kind: "settled", entryId, taskId }) as const;
const resultKeys = async () =>
  Object.entries(await queue.expiries()).filter(([key]) => key.startsWith(keys.resultsPrefix(TYPE, "regular")));
const delayedMembers = async () =>
  (await queue.server.client.zrange(keys.delayed(TYPE, "regular"), 0, -1, "WITHSCORES")) as string[];
const fieldsOf = (flat: readonly string[]) =>
  Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : [])));

describe("completed tasks", () => {
  it("are found with their results, which expire, and leave nothing else", async () => {
    await queue.submit(250);
    const ids = await queue.deliver(ME);
    const reply = await queue.completion(ME)(ids.map((id, at) => completed(id, at)));
    expect(isNow(reply.nowMs)).toBe(true);
    expect(reply).toMatchObject({ failure: "", missed: new Map(), settled: new Map() });
    for (const [at, id] of ids.entries()) {
      expect(await queue.lookup.find(taskIdOf(id))).toEqual({
        taskId: taskIdOf(id),
        type: TYPE,
        lane: "regular",
        status: "completed",
        attempts: 1,
        enqueuedAtMs: Number.parseInt(id, 10),
        startedAtMs: 1_000,
        finishedAtMs: 2_000,
        latencyMs: 0,
        worker: ME,
        resultJson: JSON.stringify(at),
      });
    }
    expect(await queue.server.client.xlen(stream)).toBe(0);
    expect(await queue.pending()).toEqual({});
    expect(await queue.ledger()).toEqual({ "regular:completed": "250" });
    expect(await queue.balance()).toEqual([0, 0]);
    const expiries = await resultKeys();
    expect(expiries.length).toBeGreaterThan(0);
    for (const [key, seconds] of expiries) {
      expect(isFresh(seconds, 600), `${key}: ${seconds}`).toBe(true);
    }
  });

  it("of many milliseconds have a result each", async () => {
    // Results of one hash are those of 16 ms: these are on both sides of a boundary, and far from it.
    const ids = [
      "1600000000000-0",
      "1600000000015-0",
      "1600000000016-0",
      "1600000000031-5",
      "1600000000032-1",
      "1700000000000-0",
    ];
    for (const id of ids) await queue.add(id);
    await queue.deliver(ME);
    await queue.completion(ME)(ids.map((id) => completed(id)));
    for (const id of ids)
      expect(await queue.lookup.find(taskIdOf(id))).toMatchObject({
        status: "completed",
        resultJson: JSON.stringify(id),
      });
    expect(await queue.ledger()).toEqual({ "regular:completed": "6" });
    for (const [key, seconds] of await resultKeys()) expect(isFresh(seconds, 600), `${key}: ${seconds}`).toBe(true);
  });

  it("that come in any order are all finished", async () => {
    await queue.submit(40);
    const ids = await queue.deliver(ME);
    const mixed = ids.toSorted((a, b) => a.slice(-1).localeCompare(b.slice(-1)) || b.localeCompare(a));
    await queue.completion(ME)(mixed.map((id) => completed(id)));
    expect(await queue.pending()).toEqual({});
    for (const id of ids)
      expect(await queue.lookup.find(taskIdOf(id))).toMatchObject({ resultJson: JSON.stringify(id) });
  });

  it("of which some are no longer this consumer's keep the results of the others only", async () => {
    const ids = ["1600000000000-0", "1600000000001-0", "1600000000002-0", "1600000000003-0", "1600000000040-0"];
    const [stolen = "", kept = "", gone = "", last = "", far = ""] = ids;
    for (const id of ids) await queue.add(id);
    await queue.deliver(ME);
    await queue.steal(stolen, THIEF);
    await queue.server.client.xack(stream, keys.queue(TYPE, "regular").group, gone);
    const reply = await queue.completion(ME)(ids.map((id) => completed(id)));
    expect(reply.missed).toEqual(
      new Map([
        [stolen, "other"],
        [gone, "gone"],
      ]),
    );
    for (const id of [kept, last, far])
      expect(await queue.lookup.find(taskIdOf(id))).toMatchObject({ resultJson: JSON.stringify(id) });
    expect(await queue.lookup.find(taskIdOf(stolen))).toMatchObject({ status: "running", worker: THIEF });
    expect((await queue.lookup.find(taskIdOf(gone)))?.status).toBe("queued");
    expect(await queue.pending()).toEqual({ [THIEF]: [stolen] });
    expect((await queue.server.client.xrange(stream, "-", "+")).map(([id]) => id)).toEqual([stolen, gone]);
    expect(await queue.ledger()).toEqual({ "regular:completed": "3" });
    for (const [key, seconds] of await resultKeys()) expect(isFresh(seconds, 600), `${key}: ${seconds}`).toBe(true);
  });

  it("that all belong to another consumer change nothing", async () => {
    const [taskId = ""] = await queue.submit(1);
    await queue.submit(1, { taskId: "chosen" });
    const [id = "", chosen = ""] = await queue.deliver(ME);
    await queue.steal(id, THIEF);
    await queue.steal(chosen, THIEF);
    const before = await queue.expiries();
    const reply = await queue.completion(ME)([completed(id), recorded(chosen, "chosen", 1)]);
    expect(reply.failure).toBe("");
    expect([...reply.missed.values()]).toEqual(["other", "other"]);
    expect(await queue.expiries()).toEqual(before);
    expect(await queue.lookup.find(taskId)).toMatchObject({ status: "running", worker: THIEF });
    expect(await queue.lookup.find("chosen")).toMatchObject({ status: "running", worker: THIEF });
    expect(await queue.ledger()).toEqual({});
  });

  it("with a record keep theirs, which expires", async () => {
    await queue.submit(1, { taskId: "chosen" });
    await queue.submit(1, { taskId: "other" });
    const [id = "", other = ""] = await queue.deliver(ME);
    await queue.completion(ME)([recorded(id, "chosen", { deep: [1] }), recorded(other, "other", 2)]);
    expect(await queue.lookup.find("chosen")).toMatchObject({
      status: "completed",
      attempts: 2,
      resultJson: JSON.stringify({ deep: [1] }),
    });
    expect(await queue.lookup.find("other")).toMatchObject({ status: "completed", attempts: 2, resultJson: "2" });
    const expiries = await queue.expiries();
    for (const name of ["chosen", "other"]) {
      expect(isFresh(expiries[keys.task(name)], 600)).toBe(true);
    }
    expect(await queue.ledger()).toEqual({ "regular:completed": "2" });
    expect(await queue.pending()).toEqual({});
  });

  it("leave no trace where no results are kept", async () => {
    await queue.submit(3);
    await queue.submit(1, { taskId: "chosen" });
    const ids = await queue.deliver(ME);
    const chosen = ids.at(-1) ?? "";
    const complete = queue.completion(ME, { resultTtlSeconds: 0 });
    const own = ids.slice(0, 3).map((id) => ({ ...completed(id), result: "" }));
    await complete([...own, recorded(chosen, "chosen")]);
    expect(await queue.pending()).toEqual({});
    expect(Object.keys(await queue.expiries()).filter((key) => /:(results|task):/.test(key))).toEqual([]);
    expect(await queue.lookup.find("chosen")).toBeUndefined();
    expect(await queue.lookup.find(taskIdOf(ids[0] ?? ""))).toBeUndefined();
    expect(await queue.ledger()).toEqual({ "regular:completed": "4" });
  });

  it("are finished however many more entries the consumer has than it was expected to", async () => {
    await queue.submit(30);
    const ids = await queue.deliver(ME);
    const reply = await queue.completion(ME, { expectedPending: 2 })(ids.map((id) => completed(id)));
    expect(reply.missed.size).toBe(0);
    expect(await queue.ledger()).toEqual({ "regular:completed": "30" });
  });

  it("are finished once each, however often they are handed in", async () => {
    await queue.submit(2);
    await queue.submit(1, { taskId: "chosen" });
    const [a = "", b = "", chosen = ""] = await queue.deliver(ME);
    const complete = queue.completion(ME);
    const outcomes = [
      completed(a),
      completed(a),
      completed(b),
      recorded(chosen, "chosen", 1),
      recorded(chosen, "chosen", 1),
    ];
    expect((await complete(outcomes.slice(0, 2))).missed.size).toBe(0);
    expect((await complete(outcomes.slice(2))).missed.size).toBe(0);
    const again = await complete([completed(a), recorded(chosen, "chosen", 2), failed(b), retried(b)]);
    expect([...again.missed]).toEqual([
      [a, "gone"],
      [chosen, "gone"],
      [b, "gone"],
    ]);
    expect(await queue.lookup.find("chosen")).toMatchObject({ resultJson: "1" });
    expect(await queue.ledger()).toEqual({ "regular:completed": "3" });
    expect(await queue.letters.list({ limit: 9 })).toEqual({ items: [] });
  });
});

describe("a task that failed for good", () => {
  it("is a dead letter with all that is known of it", async () => {
    await queue.submit(1, { taskId: "mine", priority: 7, payloadJson: '{"a":[1]}' });
    const [entry] = await queue.server.client.xrange(stream, "-", "+");
    const [id = ""] = await queue.deliver(ME);
    const reply = await queue.completion(ME)([failed(id, "mine", 'a "quoted" text')]);
    expect(reply.settled).toEqual(new Map());
    const [raw] = await queue.server.client.xrange(keys.deadLetters, "-", "+");
    expect(fieldsOf(raw?.[1] ?? [])).toEqual({
      task_id: "mine",
      payload: '{"a":[1]}',
      priority: "7",
      type: TYPE,
      timestamp: fieldsOf(entry?.[1] ?? []).timestamp,
      lane: "regular",
      reason: "upstream",
      error: 'a "quoted" text',
      attempts: "3",
      stream,
      entry_id: id,
      failed_at: String(reply.nowMs),
      history: "[]",
      entry: "",
    });
    expect(await queue.lookup.find("mine")).toEqual({
      taskId: "mine",
      type: TYPE,
      lane: "regular",
      status: "failed",
      attempts: 3,
      enqueuedAtMs: Number.parseInt(id, 10),
      finishedAtMs: reply.nowMs,
      latencyMs: reply.nowMs - Number.parseInt(id, 10),
      worker: ME,
      error: { reason: "upstream", code: "UPSTREAM", message: 'a "quoted" text' },
      deadLetterId: raw?.[0],
    });
    expect(await queue.pending()).toEqual({});
    expect(await queue.server.client.xlen(stream)).toBe(0);
    expect(await queue.ledger()).toEqual({ "regular:dead": "1" });
    expect(await queue.balance()).toEqual([0, 0]);
  });

  it("keeps an entry that is not a task as it was", async () => {
    const id = (await queue.server.client.xadd(stream, "*", "colour", "red", "size", "2")) ?? "";
    const bare = await queue.add("*", { task_id: "named" });
    const nameless = await queue.add("*");
    const empty = (await queue.server.client.xadd(stream, "*", "task_id", "empty")) ?? "";
    await queue.deliver(ME);
    await queue.completion(ME)([failed(id), failed(bare, "named"), failed(nameless), failed(empty, "empty")]);
    const [odd, proper, withoutName, withoutPayload] = await queue.server.client.xrange(keys.deadLetters, "-", "+");
    expect(fieldsOf(odd?.[1] ?? [])).toMatchObject({
      task_id: taskIdOf(id),
      payload: "",
      priority: "",
      type: "",
      timestamp: "",
      history: "[]",
      entry: '["colour","red","size","2"]',
    });
    expect(fieldsOf(proper?.[1] ?? [])).toMatchObject({ task_id: "named", payload: "1", entry: "" });
    expect(fieldsOf(withoutName?.[1] ?? [])).toMatchObject({
      payload: "1",
      entry: expect.stringContaining('"payload"'),
    });
    expect(fieldsOf(withoutPayload?.[1] ?? [])).toMatchObject({ task_id: "empty", entry: '["task_id","empty"]' });
  });

  it("has a dead letter although its entry was deleted", async () => {
    const [taskId = ""] = await queue.submit(1);
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.xdel(stream, id);
    await queue.completion(ME)([failed(id)]);
    expect(await queue.letters.list({ limit: 9 })).toMatchObject({
      items: [{ taskId, payloadJson: "", entryId: id, reason: "upstream" }],
    });
    expect(await queue.lookup.find(taskId)).toMatchObject({ status: "failed" });
    expect(await queue.pending()).toEqual({});
  });
});

describe("a task that is tried again", () => {
  it("waits with its fields until it is due, and remembers where it began", async () => {
    await queue.submit(1, { taskId: "mine", priority: 3, payloadJson: '"p"' });
    const [first = ""] = await queue.deliver(ME);
    const reply = await queue.completion(ME)([retried(first, "mine", 1_234)]);
    const [member = "", due] = await delayedMembers();
    expect(Number(due)).toBe(reply.nowMs + 1_234);
    expect(fieldsOf(JSON.parse(member))).toMatchObject({
      task_id: "mine",
      payload: '"p"',
      priority: "3",
      type: TYPE,
      attempt: "1",
      origin: first,
    });
    expect(await queue.lookup.find("mine")).toEqual({
      taskId: "mine",
      type: TYPE,
      lane: "regular",
      status: "retrying",
      attempts: 1,
      enqueuedAtMs: Number.parseInt(first, 10),
      dueAtMs: reply.nowMs + 1_234,
      worker: ME,
      error: { reason: "timeout", code: "TIMEOUT", message: "slow" },
    });
    expect(await queue.pending()).toEqual({});
    expect(await queue.server.client.xlen(stream)).toBe(0);
    expect(await queue.balance()).toEqual([0, 0]);

    await queue.server.client.zadd(keys.delayed(TYPE, "regular"), 1, member);
    await queue.promote();
    const [second = ""] = await queue.deliver(ME);
    await queue.completion(ME)([retried(second, "mine", 10, 2)]);
    const [again = ""] = await delayedMembers();
    const fields = JSON.parse(again) as string[];
    expect(fieldsOf(fields)).toMatchObject({ attempt: "2", origin: first, task_id: "mine", payload: '"p"' });
    // Each field is there once: of two, it is not known which holds.
    expect(fields.filter((_, at) => at % 2 === 0).toSorted()).toEqual([
      "attempt",
      "digest",
      "origin",
      "payload",
      "priority",
      "task_id",
      "timestamp",
      "type",
      "waited",
    ]);
    expect(await queue.balance()).toEqual([0, 0]);
  });

  it("is given its name where the entry has none", async () => {
    const id = await queue.add("*");
    await queue.deliver(ME);
    await queue.completion(ME)([retried(id)]);
    const [member = ""] = await delayedMembers();
    expect(fieldsOf(JSON.parse(member))).toMatchObject({ task_id: taskIdOf(id), attempt: "1", origin: id });
  });

  it("whose entry was deleted by hand is not made up", async () => {
    await queue.submit(1);
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.xdel(stream, id);
    await queue.completion(ME)([retried(id)]);
    expect(await delayedMembers()).toEqual([]);
    expect(await queue.pending()).toEqual({});
  });
});

/** Finishing is denied at the last step: what is stored stays, and the entry stays pending. */
describe("a batch whose acknowledgement is denied", () => {
  const user = { username: "service", password: "secret" };
  const acl = (...rules: string[]) => queue.server.client.call("ACL", "SETUSER", user.username, ...rules);

  it.each(["xack", "xdel"])("at %s says so, and its next delivery only settles it", async (command) => {
    await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix), `-${command}`);
    const redis = createRedis(queue.server.settings(user), "commands", "denied");
    try {
      await queue.submit(3, { payloadJson: "1" });
      // Tasks that moved before.
      await queue.server.client.hset(keys.ledger(TYPE), "regular:moved", "4");
      const [done = "", dead = "", again = ""] = await queue.deliver(ME);
      const denied = queue.completion(ME, { redis });
      const first = await denied([completed(done), failed(dead), retried(again)]);
      expect(first.failure).toMatch(/permission|can't run/);
      expect(first.missed.size).toBe(0);
      expect(await queue.server.client.xlen(stream)).toBe(3);
      // What waits for its retry is in two places now, and counted for neither.
      expect(await queue.balance()).toEqual([0, -4]);
      expect(await queue.lookup.find(taskIdOf(again))).toMatchObject({ status: "retrying" });

      await acl(`+${command}`);
      // XACK went through where XDEL was denied: the entries are pending no longer.
      if (command === "xdel")
        for (const id of [done, dead, again])
          await queue.server.client.call(
            "XCLAIM",
            stream,
            keys.queue(TYPE, "regular").group,
            ME,
            "0",
            id,
            "FORCE",
            "JUSTID",
          );
      const claimed = await queue.recovery(ME).claim([done, dead, again]);
      expect(claimed.map(({ record }) => record)).toEqual(["c", "f", "r"]);
      const second = await queue.completion(ME)([settled(done), settled(dead), settled(again)]);
      expect(second.failure).toBe("");
      expect(second.settled).toEqual(
        new Map<string, unknown>([
          [dead, { state: "f", reason: "upstream" }],
          [again, { state: "r" }],
        ]),
      );
      expect(await queue.server.client.xlen(stream)).toBe(0);
      expect(await queue.server.client.xlen(keys.deadLetters)).toBe(1);
      expect((await delayedMembers()).length).toBe(2);
      expect(await queue.ledger()).toEqual({ "regular:completed": "1", "regular:dead": "1", "regular:moved": "4" });
      expect(await queue.balance()).toEqual([0, -4]);
    } finally {
      redis.disconnect();
    }
  });

  it("makes neither a second dead letter nor a second retry when it is handed in again", async () => {
    await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix), "-xack");
    const redis = createRedis(queue.server.settings(user), "commands", "denied");
    try {
      await queue.submit(2);
      const [dead = "", again = ""] = await queue.deliver(ME);
      const batch = [failed(dead), retried(again)];
      for (let attempt = 0; attempt < 3; attempt++) {
        await queue.completion(ME, { redis })(batch);
        expect(await queue.balance()).toEqual([0, 0]);
      }
      await acl("+xack");
      const reply = await queue.completion(ME, { redis })(batch);
      expect(reply.settled).toEqual(
        new Map<string, unknown>([
          [dead, { state: "f", reason: "upstream" }],
          [again, { state: "r" }],
        ]),
      );
      expect(await queue.server.client.xlen(keys.deadLetters)).toBe(1);
      expect((await delayedMembers()).length).toBe(2);
      expect(await queue.balance()).toEqual([0, 0]);
    } finally {
      redis.disconnect();
    }
  });

  it("leaves a trace of what completed where no results are kept, for an hour", async () => {
    await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix), "-xack");
    const redis = createRedis(queue.server.settings(user), "commands", "denied");
    try {
      await queue.submit(2);
      await queue.submit(1, { taskId: "chosen" });
      const [a = "", b = "", chosen = ""] = await queue.deliver(ME);
      const none = { resultTtlSeconds: 0 };
      const batch = [{ ...completed(a), result: "" }, { ...completed(b), result: "" }, recorded(chosen, "chosen")];
      await queue.completion(ME, { redis, ...none })(batch);
      expect((await queue.recovery(ME).claim([a, b, chosen])).map(({ record }) => record)).toEqual(["c", "c", "c"]);
      expect(await queue.balance()).toEqual([0, 0]);
      expect(await queue.lookup.find("chosen")).toMatchObject({ status: "completed", attempts: 1 });
      const traces = Object.entries(await queue.expiries()).filter(([key]) => /:(results|task):/.test(key));
      expect(traces.length).toBeGreaterThanOrEqual(2);
      for (const [key, seconds] of traces) {
        expect(isFresh(seconds, 3_600), `${key}: ${seconds}`).toBe(true);
      }
      await acl("+xack");
      const reply = await queue.completion(ME, none)([settled(a), settled(b), settled(chosen, "chosen")]);
      expect(reply.failure).toBe("");
      expect(await queue.ledger()).toEqual({ "regular:completed": "3" });
      expect(await queue.balance()).toEqual([0, 0]);
    } finally {
      redis.disconnect();
    }
  });
});

describe("what a former delivery finished", () => {
  it("counts as it ended, and a record of the same name about another task does not matter", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [id = ""] = await queue.deliver(ME);
    // Of an older task under the same name, whose result has not expired.
    await queue.server.client.set(keys.task("mine"), `c 1-0 1-0 ${stream} {"attempts":1}`);
    await queue.completion(ME)([failed(id, "mine")]);
    expect(await queue.server.client.xlen(keys.deadLetters)).toBe(1);
    expect(await queue.ledger()).toEqual({ "regular:dead": "1" });
  });

  it("is moved when it went on elsewhere", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.set(keys.task("mine"), `q ${id} 9-9 ${stream} {"attempts":1}`);
    const reply = await queue.completion(ME)([retried(id, "mine")]);
    expect(reply.settled).toEqual(new Map([[id, { state: "q" }]]));
    expect(await queue.ledger()).toEqual({ "regular:moved": "1" });
    expect(await delayedMembers()).toEqual([]);
  });

  it("is completed when the record of the caller's id says so", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.set(keys.task("mine"), `c ${id} ${id} ${stream} {"attempts":1}`);
    const reply = await queue.completion(ME)([failed(id, "mine")]);
    expect(reply.settled).toEqual(new Map([[id, { state: "c" }]]));
    expect(await queue.ledger()).toEqual({ "regular:completed": "1" });
    expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
  });
});

it("a group that is gone is an error, and nothing is stored", async () => {
  await queue.submit(1);
  const [id = ""] = await queue.deliver(ME);
  await queue.server.client.xgroup("DESTROY", stream, keys.queue(TYPE, "regular").group);
  await expect(queue.completion(ME)([completed(id)])).rejects.toThrow(/NOGROUP/);
  expect(await resultKeys()).toEqual([]);
});
