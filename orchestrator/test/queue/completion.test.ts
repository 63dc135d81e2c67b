import { describe, expect, it } from "vitest";
import { DEAD_LETTER_RECORD_TTL_SECONDS, packResult, resultBucket } from "../../src/queue/record.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { aclRules } from "../../src/redis/permissions.ts";
import { isFresh, isNow, useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

/** Tests the data in Redis after finishing a batch, value by value. */

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
  it("are found with their results, which expire, and leave no other data", async () => {
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

  it("of different times have a result each", async () => {
    // A hash holds the results of 16 ms. These are on both sides of a boundary, and far from it.
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

  it("in any order are all finished", async () => {
    await queue.submit(40);
    const ids = await queue.deliver(ME);
    const mixed = ids.toSorted((a, b) => a.slice(-1).localeCompare(b.slice(-1)) || b.localeCompare(a));
    await queue.completion(ME)(mixed.map((id) => completed(id)));
    expect(await queue.pending()).toEqual({});
    for (const id of ids)
      expect(await queue.lookup.find(taskIdOf(id))).toMatchObject({ resultJson: JSON.stringify(id) });
  });

  it("store only the results of entries that this consumer still owns", async () => {
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

  it("that another consumer owns change nothing", async () => {
    const [taskId = ""] = await queue.submit(1);
    await queue.submit(1, { taskId: "chosen" });
    const [id = "", chosen = ""] = await queue.deliver(ME);
    await queue.steal(id, THIEF);
    await queue.steal(chosen, THIEF);
    // The result of another task, in the hash to which theirs would go.
    const neighbours = keys.resultsPrefix(TYPE, "regular") + resultBucket(id);
    await queue.server.client.hset(neighbours, "1-0", "");
    await queue.server.client.expire(neighbours, 60);
    const before = await queue.expiries();
    const reply = await queue.completion(ME)([completed(id), recorded(chosen, "chosen", 1)]);
    expect(reply.failure).toBe("");
    expect([...reply.missed.values()]).toEqual(["other", "other"]);
    expect(await queue.expiries()).toEqual(before);
    expect(await queue.lookup.find(taskId)).toMatchObject({ status: "running", worker: THIEF });
    expect(await queue.lookup.find("chosen")).toMatchObject({ status: "running", worker: THIEF });
    expect(await queue.ledger()).toEqual({});
  });

  it("with a record keep the record, which expires", async () => {
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

  it("leave no trace if results are not kept", async () => {
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

  it("are finished even if the consumer has more pending entries than expected", async () => {
    await queue.submit(30);
    const ids = await queue.deliver(ME);
    const reply = await queue.completion(ME, { expectedPending: 2 })(ids.map((id) => completed(id)));
    expect(reply.missed.size).toBe(0);
    expect(await queue.ledger()).toEqual({ "regular:completed": "30" });
  });

  it("are finished once each, even if they are in several batches", async () => {
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

describe("a task that failed permanently", () => {
  it("becomes a dead letter with all its data", async () => {
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
    // Longer than the interval of renewals while the dead letter exists.
    expect(isFresh((await queue.expiries())[keys.task("mine")], 604_800)).toBe(true);
    expect(await queue.pending()).toEqual({});
    expect(await queue.server.client.xlen(stream)).toBe(0);
    expect(await queue.ledger()).toEqual({ "regular:dead": "1" });
    expect(await queue.balance()).toEqual([0, 0]);
  });

  it("keeps a malformed entry unchanged", async () => {
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

  it("becomes a dead letter even if its entry was deleted", async () => {
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

  it("has a digest in its record only if it has one in its entry, and only a proper one", async () => {
    const digests = { none: undefined, odd: 'r"}', own: "rliJ0L_pNoc3O-tLuQnaBAI" };
    for (const [taskId, digest] of Object.entries(digests)) {
      await queue.add("*", { task_id: taskId, ...(digest === undefined ? {} : { digest }) });
    }
    const ids = await queue.deliver(ME);
    await queue.completion(ME)(Object.keys(digests).map((taskId, at) => failed(ids[at] ?? "", taskId)));
    const records = await queue.server.client.mget(Object.keys(digests).map((taskId) => keys.task(taskId)));
    expect(records.map((record) => /"digest":"[^"]*",/.exec(record ?? "")?.[0])).toEqual([
      undefined,
      undefined,
      `"digest":"${digests.own}",`,
    ]);
  });
});

describe("a task that is retried", () => {
  const DAY_MS = 86_400_000;
  it.each([
    [Number.NaN, 0],
    [-1, 0],
    [0, 0],
    [1, 1],
    [30 * DAY_MS, 30 * DAY_MS],
    [30 * DAY_MS + 1, 30 * DAY_MS],
    [Number.POSITIVE_INFINITY, 30 * DAY_MS],
  ])("after a delay of %d ms waits %i ms, and its neighbours finish", async (delayMs, waitMs) => {
    await queue.submit(2);
    const [id = "", neighbour = ""] = await queue.deliver(ME);
    const reply = await queue.completion(ME)([retried(id, taskIdOf(id), delayMs), completed(neighbour)]);
    const [member = "", due] = await delayedMembers();
    expect(Number(due)).toBe(reply.nowMs + waitMs);
    expect(member).toContain(taskIdOf(id));
    expect(await queue.pending()).toEqual({});
  });

  it("waits with its fields until it is due, and keeps the id of its first entry", async () => {
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
    expect((await queue.expiries())[keys.task("mine")]).toBe(-1);
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
    // Each field exists once. Of duplicates, it would be unclear which one counts.
    expect(fields.filter((_, at) => at % 2 === 0).toSorted()).toEqual([
      "attempt",
      "digest",
      "origin",
      "payload",
      "priority",
      "task_id",
      "timestamp",
      "type",
    ]);
    expect(await queue.balance()).toEqual([0, 0]);
  });

  it("gets the generated id if the entry has none", async () => {
    const id = await queue.add("*");
    await queue.deliver(ME);
    await queue.completion(ME)([retried(id)]);
    const [member = ""] = await delayedMembers();
    expect(fieldsOf(JSON.parse(member))).toMatchObject({ task_id: taskIdOf(id), attempt: "1", origin: id });
  });

  it("is not invented if its entry was deleted by hand", async () => {
    await queue.submit(1);
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.xdel(stream, id);
    await queue.completion(ME)([retried(id)]);
    expect(await delayedMembers()).toEqual([]);
    expect(await queue.pending()).toEqual({});
  });
});

/** The last step is denied: stored data stay, and the entry stays pending. */
describe("a batch whose acknowledgement is denied", () => {
  const user = { username: "service", password: "secret" };
  const acl = (...rules: string[]) => queue.server.client.call("ACL", "SETUSER", user.username, ...rules);

  it.each(["xack", "xdel"])("at %s returns the error, and the next delivery only settles it", async (command) => {
    await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix), `-${command}`);
    const redis = createRedis(queue.server.settings(user), "commands", "denied");
    try {
      await queue.submit(3, { payloadJson: "1" });
      // Tasks that were moved earlier.
      await queue.server.client.hset(keys.ledger(TYPE), "regular:moved", "4");
      const [done = "", dead = "", again = ""] = await queue.deliver(ME);
      const denied = queue.completion(ME, { redis });
      const first = await denied([completed(done), failed(dead), retried(again)]);
      expect(first.failure).toMatch(/permission|can't run/);
      expect(first.missed.size).toBe(0);
      expect(await queue.server.client.xlen(stream)).toBe(3);
      // The retry is in two places now, and counted in neither.
      expect(await queue.balance()).toEqual([0, -4]);
      expect(await queue.lookup.find(taskIdOf(again))).toMatchObject({ status: "retrying" });

      await acl(`+${command}`);
      // If only XDEL is denied, XACK succeeded, so the entries are no longer pending.
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

  it("creates neither a second dead letter nor a second retry when it is repeated", async () => {
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

  it.each([
    ["its only entry", {}],
    ["an entry of a retry", { attempt: "1", origin: "1-1" }],
  ])("is only settled if its dead letter is retried meanwhile: %s", async (_, fields) => {
    await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix), "-xack");
    const redis = createRedis(queue.server.settings(user), "commands", "denied");
    try {
      const dead = await queue.add("5-1", { task_id: "mine", ...fields });
      await queue.deliver(ME);
      const denied = queue.completion(ME, { redis });
      await denied([failed(dead, "mine")]);
      const [letter] = (await queue.letters.list({ limit: 1 })).items;
      await queue.letters.retry(letter?.id ?? "");
      const [next = ""] = await queue.deliver(ME);
      expect(await queue.lookup.find("mine")).toMatchObject({ status: "running", attempts: 1 });

      // Both entries are acknowledged again and again, before and after the task has failed again.
      await denied([failed(dead, "mine")]);
      expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
      await denied([failed(next, "mine")]);
      await denied([failed(dead, "mine"), failed(next, "mine")]);
      expect(await queue.server.client.xlen(keys.deadLetters)).toBe(1);
      expect(await queue.balance()).toEqual([0, 0]);

      await acl("+xack");
      const reply = await queue.completion(ME, { redis })([failed(dead, "mine"), failed(next, "mine")]);
      const state = { state: "f", reason: "upstream" };
      expect(reply.settled).toEqual(
        new Map([
          [dead, state],
          [next, state],
        ]),
      );
      expect(await queue.server.client.xlen(keys.deadLetters)).toBe(1);
      expect(await queue.balance()).toEqual([0, 0]);
    } finally {
      redis.disconnect();
    }
  });

  describe.each([
    ["is discarded", async (id: string) => queue.letters.discard(id)],
    ["exceeds the limits", async () => queue.letters.trim({ maxEntries: 0, maxAgeSeconds: 1_000 })],
    ["is deleted by hand", async () => queue.server.client.del(keys.deadLetters)],
  ] as const)("is only settled if its dead letter %s meanwhile", (how, discard) => {
    it.each([
      ["its only entry", {}],
      ["an entry of a retry", { attempt: "1", origin: "1-1" }],
    ])("%s", async (_, fields) => {
      await acl("reset", "on", `>${user.password}`, ...aclRules(keys.prefix), "-xack");
      const redis = createRedis(queue.server.settings(user), "commands", "denied");
      try {
        const dead = await queue.add("5-1", { task_id: "mine", ...fields });
        await queue.deliver(ME);
        const denied = queue.completion(ME, { redis });
        await denied([failed(dead, "mine")]);
        const [letter] = (await queue.letters.list({ limit: 1 })).items;
        await discard(letter?.id ?? "");
        expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);

        // By its worker, and by one that does not know its outcome.
        await denied([failed(dead, "mine")]);
        expect(await queue.recovery(ME).claim([dead])).toMatchObject([{ record: "f" }]);
        expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
        const view = await queue.lookup.find("mine");
        expect(view).toMatchObject({ status: "failed", error: { message: "no luck" } });
        if (how !== "is deleted by hand") expect(view?.deadLetterId).toBeUndefined();
        expect(isFresh((await queue.expiries())[keys.task("mine")], DEAD_LETTER_RECORD_TTL_SECONDS)).toBe(true);
        // The id is not free yet: with the record of another task, the entry would run again.
        await queue.submit(1, { taskId: "mine" });
        expect(await queue.server.client.xlen(stream)).toBe(1);

        await acl("+xack");
        const reply = await queue.completion(ME, { redis })([settled(dead, "mine")]);
        expect(reply.settled).toEqual(new Map([[dead, { state: "f", reason: "upstream" }]]));
        expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
        expect(await queue.ledger()).toEqual({ "regular:dead": "1" });
        expect(await queue.balance()).toEqual([0, 0]);
        await queue.submit(1, { taskId: "mine" });
        expect(await queue.lookup.find("mine")).toMatchObject({ status: "queued" });
      } finally {
        redis.disconnect();
      }
    });
  });

  it("leaves a trace of completed tasks for an hour if results are not kept", async () => {
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

describe("a task that an earlier delivery finished", () => {
  it("counts by how it ended, regardless of a record of another task with the same id", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [id = ""] = await queue.deliver(ME);
    // The record of an older task with the same id, whose result has not expired.
    await queue.server.client.set(keys.task("mine"), `c 1-0 1-0 ${stream} {"attempts":1}`);
    await queue.completion(ME)([failed(id, "mine")]);
    expect(await queue.server.client.xlen(keys.deadLetters)).toBe(1);
    expect(await queue.ledger()).toEqual({ "regular:dead": "1" });
  });

  it("counts as moved if it continues in another entry", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.set(keys.task("mine"), `q ${id} 9-9 ${stream} {"attempts":1}`);
    const reply = await queue.completion(ME)([retried(id, "mine")]);
    expect(reply.settled).toEqual(new Map([[id, { state: "q" }]]));
    expect(await queue.ledger()).toEqual({ "regular:moved": "1" });
    expect(await delayedMembers()).toEqual([]);
  });

  it("counts as completed if the record of its chosen id says so", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.set(keys.task("mine"), `c ${id} ${id} ${stream} {"attempts":1}`);
    const reply = await queue.completion(ME)([failed(id, "mine")]);
    expect(reply.settled).toEqual(new Map([[id, { state: "c" }]]));
    expect(await queue.ledger()).toEqual({ "regular:completed": "1" });
    expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
  });
});

it("a missing group is an error, and nothing is stored", async () => {
  await queue.submit(1);
  const [id = ""] = await queue.deliver(ME);
  await queue.server.client.xgroup("DESTROY", stream, keys.queue(TYPE, "regular").group);
  await expect(queue.completion(ME)([completed(id)])).rejects.toThrow(/NOGROUP/);
  expect(await resultKeys()).toEqual([]);
});

it("is sent again without results only if Redis is over its memory limit", async () => {
  const { client } = queue.server;
  await queue.submit(3);
  const [id = "", empty = "", dead = ""] = await queue.deliver(ME);
  const complete = queue.completion(ME);
  const batch = [completed(id), { ...completed(empty), result: "" }, failed(dead)];
  const sent = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info("commandstats"))?.[1]);
  await client.rename(stream, "aside");
  await complete(batch).catch(() => undefined);
  const before = await sent();
  await expect(complete(batch)).rejects.toThrow(/NOGROUP/);
  expect(await sent()).toBe(before + 1);
  await client.rename("aside", stream);
  await client.config("SET", "maxmemory", "1mb");
  try {
    expect(await complete(batch)).toMatchObject({ failure: "", resultsDropped: 1 });
  } finally {
    await client.config("SET", "maxmemory", "0");
  }
  expect(await queue.pending()).toEqual({});
});
