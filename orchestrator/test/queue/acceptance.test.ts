import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { MemoryGuard } from "../../src/queue/submit/memoryGuard.ts";
import type { SubmissionDeps } from "../../src/queue/submit/submission.ts";
import { Switches } from "../../src/queue/switches.ts";
import type { TaskRequest } from "../../src/queue/task.ts";

import { isNow, OTHER_TYPE, TYPES, useQueue } from "../support/queue.ts";
import { countingTelemetry, createSubmission, keys, TYPE } from "../support/worker.ts";

/** Tests the data in Redis after an accepted and after a rejected submission, value by value. */

const queue = useQueue();
const { stream } = keys.queue(TYPE, "regular");
const ME = `regular_${TYPE}_0`;

const submission = (deps: Partial<SubmissionDeps> = {}) => createSubmission(queue.redis, { types: TYPES, ...deps });
const task = (fields: Partial<TaskRequest> = {}): TaskRequest => ({
  type: TYPE,
  priority: 1,
  payloadJson: "{}",
  ...fields,
});
const tasks = (count: number) => Array.from({ length: count }, () => task());
const entriesOf = async (of = stream) =>
  (await queue.server.client.xrange(of, "-", "+")).map(([id, flat]) => ({
    id,
    fields: Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []))),
  }));
/** All stored data, for comparisons. */
async function stored(): Promise<unknown[]> {
  const client = queue.server.client;
  const names = (await client.keys("*")).toSorted();
  const buffers = await Promise.all(names.map((name) => client.dumpBuffer(name)));
  return names.map((name, at) => [name, buffers[at]?.toString("hex")]);
}

describe("accepted tasks", () => {
  it("are in the queue of their type and lane, in the order of the batch, with all of their fields", async () => {
    const acceptedAtMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const receipts = await submission({ now: () => acceptedAtMs }).submit([
      task({ payloadJson: '"a"', priority: 3 }),
      task({ payloadJson: '"b"', priority: 15 }),
      task({ payloadJson: '"c"', type: OTHER_TYPE, priority: 0 }),
      task({ payloadJson: '"d"', type: OTHER_TYPE, priority: 99 }),
      task({ payloadJson: '"e"', priority: 11, taskId: "mine" }),
      task({ payloadJson: '"f"', priority: 12 }),
    ]);
    const seen: unknown[] = [];
    for (const type of TYPES) {
      for (const { lane, stream: of } of keys.queues(type)) {
        for (const { fields, id } of await entriesOf(of)) {
          expect(isNow(Number.parseInt(id, 10))).toBe(true);
          expect(fields).toMatchObject({ type, timestamp: "2026-01-02T03:04:05.678Z" });
          expect(Object.keys(fields)).toHaveLength(fields.task_id === "mine" ? 6 : 5);
          seen.push([type, lane, fields.payload, fields.priority, fields.task_id === `${type}.${lane}.${id}`]);
        }
      }
    }
    expect(seen).toEqual([
      [TYPE, "express", '"b"', "15", true],
      [TYPE, "express", '"f"', "12", true],
      [TYPE, "regular", '"a"', "3", true],
      [TYPE, "regular", '"e"', "11", false],
      [OTHER_TYPE, "express", '"d"', "99", true],
      [OTHER_TYPE, "regular", '"c"', "0", true],
    ]);
    for (const [at, { taskId, status, duplicate }] of receipts.entries()) {
      expect([status, duplicate]).toEqual(["queued", false]);
      expect(await queue.lookup.find(taskId)).toMatchObject({
        status: "queued",
        type: at === 2 || at === 3 ? OTHER_TYPE : TYPE,
        lane: [1, 3, 5].includes(at) ? "express" : "regular",
      });
    }
    const [, entry] = await entriesOf();
    expect(await queue.server.client.get(keys.task("mine"))).toBe(
      `q ${entry?.id} ${entry?.id} ${stream} {"attempts":0}`,
    );
  });

  it("keep the order of a batch that has more tasks than sequence numbers in a millisecond", async () => {
    await submission().submit(Array.from({ length: 1_000 }, (_, at) => task({ payloadJson: String(at) })));
    expect((await entriesOf()).map(({ fields }) => Number(fields.payload))).toEqual([...Array(1_000).keys()]);
  });

  it("with a delay wait in the set of their lane, with a due time by the clock of Redis", async () => {
    const announced: number[] = [];
    const [receipt] = await submission({ onDelayed: (ms) => void announced.push(ms) }).submit([
      task({ delayMs: 70_000, payloadJson: '"a"', priority: 2, taskId: "a" }),
      task({ delayMs: 50_000, payloadJson: '"b"', priority: 20, type: OTHER_TYPE, taskId: "b" }),
      task({ taskId: "now" }),
    ]);
    expect(receipt).toEqual({ taskId: "a", type: TYPE, lane: "regular", status: "delayed", duplicate: false });
    expect(announced).toEqual([50_000]);
    const waiting = async (type: string, lane: "express" | "regular") => {
      const [member, due] = await queue.server.client.zrange(keys.delayed(type, lane), 0, -1, "WITHSCORES");
      return { member: member === undefined ? undefined : JSON.parse(member), dueAtMs: Number(due) };
    };
    const a = await waiting(TYPE, "regular");
    expect(isNow(a.dueAtMs - 70_000)).toBe(true);
    expect(a.member).toEqual([
      "task_id",
      "a",
      "payload",
      '"a"',
      "priority",
      "2",
      "type",
      TYPE,
      "digest",
      expect.any(String),
      "timestamp",
      expect.any(String),
    ]);
    const b = await waiting(OTHER_TYPE, "express");
    expect(isNow(b.dueAtMs - 50_000)).toBe(true);
    expect(b.member.slice(0, 8)).toEqual(["task_id", "b", "payload", '"b"', "priority", "20", "type", OTHER_TYPE]);
    expect((await waiting(TYPE, "express")).member).toBeUndefined();
    const view = await queue.lookup.find("a");
    expect(view).toMatchObject({ status: "delayed", attempts: 0, dueAtMs: a.dueAtMs, lane: "regular", type: TYPE });
    expect(view?.enqueuedAtMs).toBe(a.dueAtMs - 70_000);
    expect(await queue.lookup.find("b")).toMatchObject({ status: "delayed", lane: "express", type: OTHER_TYPE });
    expect(await queue.ledger()).toEqual({ "regular:delayed": "1" });
    expect(await queue.ledger(OTHER_TYPE)).toEqual({ "express:delayed": "1" });
    expect((await entriesOf()).map(({ fields }) => fields.task_id)).toEqual(["now"]);
    expect(await queue.balance()).toEqual([0, 0]);
  });

  it("with a delay of zero are due at once, and not reported as delayed", async () => {
    const announced: number[] = [];
    const onDelayed = (ms: number) => void announced.push(ms);
    const receipts = await submission({ onDelayed }).submit([task({ delayMs: 0 }), task()]);
    expect(receipts.map(({ status }) => status)).toEqual(["queued", "queued"]);
    expect(receipts[0]?.taskId).toMatch(new RegExp(`^${TYPE}\\.regular\\.\\d+-\\d+$`));
    expect(announced).toEqual([]);
  });

  it("with a delay are each counted for task accounting, over all batches", async () => {
    for (const count of [2, 1]) {
      await submission().submit(Array.from({ length: count }, () => task({ delayMs: 60_000 })));
    }
    expect(await queue.ledger()).toEqual({ "regular:delayed": "3" });
    expect(await queue.balance()).toEqual([0, 0]);
  });

  it("are none if a stream holds another type of value", async () => {
    await queue.server.client.set(stream, "x");
    await expect(submission().submit(tasks(1))).rejects.toThrow(/WRONGTYPE/);
    expect(await queue.server.client.get(stream)).toBe("x");
  });

  it("of an empty batch are none", async () => {
    expect(await submission().submit([])).toEqual([]);
    expect(await queue.server.client.exists(stream)).toBe(1);
    expect(await entriesOf()).toEqual([]);
  });

  it("say how long they have waited, from the first reply of Redis on, also after a rejected batch", async () => {
    let nowMs = 5_000;
    const limited = submission({ maxQueueDepth: 3, monotonicMs: () => nowMs });
    await limited.submit(tasks(1), nowMs - 900);
    await expect(limited.submit(tasks(3))).rejects.toMatchObject({ reason: "overload" });
    nowMs += 1;
    await limited.submit(tasks(1), nowMs - 900);
    const entries = await entriesOf();
    expect(entries.map(({ fields }) => isNow(Date.parse(fields.timestamp ?? "")))).toEqual([true, true]);
    const waited = entries.map(({ fields }) => fields.waited);
    // A task that did not wait has no field for it.
    expect(waited[0]).toBeUndefined();
    expect(Number(waited[1])).toBeGreaterThanOrEqual(898);
    expect(Number(waited[1])).toBeLessThan(10_000);
  });

  it("have a new record if their id is free again", async () => {
    const { client } = queue.server;
    for (const delayMs of [0, 60_000]) {
      const taskId = `freed-${delayMs}`;
      // Its entry was deleted by hand.
      await client.set(keys.task(taskId), `q 1-0 1-0 ${stream} {"attempts":0}`, "EX", 60);
      const receipts = await submission().submit([task({ taskId, delayMs })]);
      expect(receipts).toMatchObject([{ duplicate: false }]);
      expect(await queue.lookup.find(taskId)).toMatchObject({ status: receipts[0]?.status });
      expect(await client.ttl(keys.task(taskId))).toBe(-1);
    }
  });

  it("have no other type than those that are known", async () => {
    await expect(submission().submit([task({ type: "nope" })])).rejects.toThrow("unknown task type nope");
  });

  it("are counted by lane, without duplicates where they are new", async () => {
    const { telemetry, counts } = countingTelemetry();
    const batch = [
      task({ taskId: "x" }),
      task({ priority: 20 }),
      task({ taskId: "x" }),
      task({ taskId: "y", delayMs: 9 }),
    ];
    await submission({ telemetry }).submit(batch);
    expect(counts).toEqual({
      "regular enqueued": 2,
      "express enqueued": 1,
      "regular submitted none": 3,
      "express submitted none": 1,
    });
  });

  it("take the regular lane while the bypass is on, also delayed ones, as the answer shows", async () => {
    await new Switches(queue.redis, keys, 0).setExpressBypass(true);
    const { telemetry, counts } = countingTelemetry();
    const receipts = await submission({ telemetry }).submit([
      task({ priority: 20 }),
      task({ priority: 20, type: OTHER_TYPE, delayMs: 60_000, taskId: "later" }),
      task({ priority: 1 }),
    ]);
    expect(receipts.map(({ lane }) => lane)).toEqual(["regular", "regular", "regular"]);
    expect(await entriesOf()).toHaveLength(2);
    expect(await queue.server.client.zcard(keys.delayed(OTHER_TYPE, "regular"))).toBe(1);
    expect(await queue.lookup.find("later")).toMatchObject({ lane: "regular", type: OTHER_TYPE });
    expect(await queue.ledger(OTHER_TYPE)).toEqual({ "regular:delayed": "1" });
    for (const { taskId } of receipts) expect(await queue.lookup.find(taskId)).toMatchObject({ lane: "regular" });
    expect(counts).toEqual({ "regular enqueued": 3, "express submitted none": 2, "regular submitted none": 1 });
  });
});

describe("a duplicate", () => {
  it("is answered with the state of the task, in any state, and changes nothing", async () => {
    await submission().submit([
      task({ taskId: "done" }),
      task({ taskId: "dead" }),
      task({ taskId: "again" }),
      task({ taskId: "waits", delayMs: 60_000 }),
      task({ taskId: "queued" }),
    ]);
    const [done = "", dead = "", again = ""] = await queue.deliver(ME, 3);
    const failure = { reason: "upstream", code: "X", message: "no", attempts: 1 } as const;
    await queue.completion(ME)([
      {
        kind: "completed",
        entryId: done,
        taskId: "done",
        originMs: 1,
        waitedMs: 0,
        hasRecord: true,
        result: `c ${done} ${done} ${stream} {"attempts":1,"result":1}`,
      },
      { kind: "failed", entryId: dead, taskId: "dead", ...failure },
      { kind: "retried", entryId: again, taskId: "again", delayMs: 60_000, ...failure },
    ]);
    const before = await stored();
    const ids = ["done", "dead", "again", "waits", "queued"];
    const receipts = await submission().submit(ids.map((taskId) => task({ taskId })));
    expect(receipts.map(({ status }) => status)).toEqual(["completed", "failed", "retrying", "delayed", "queued"]);
    expect(receipts.every(({ duplicate }) => duplicate)).toBe(true);
    const later = await submission().submit(ids.map((taskId) => task({ taskId, delayMs: 5 })));
    expect(later.map(({ status }) => status)).toEqual(["completed", "failed", "retrying", "delayed", "queued"]);
    expect(later.every(({ duplicate }) => duplicate)).toBe(true);
    expect(await stored()).toEqual(before);
  });

  it("is answered with its own lane, whatever becomes of new tasks", async () => {
    await submission().submit([task({ taskId: "slow" }), task({ taskId: "quick", priority: 20 })]);
    const again = [task({ taskId: "slow" }), task({ taskId: "quick", priority: 20 })];
    const lanes = async () => (await submission().submit(again)).map(({ lane }) => lane);
    expect(await lanes()).toEqual(["regular", "express"]);
    await new Switches(queue.redis, keys, 0).setExpressBypass(true);
    expect(await lanes()).toEqual(["regular", "express"]);
  });

  it("is the same task after the bypass of the express lane, during which it was accepted", async () => {
    const bypass = new Switches(queue.redis, keys, 0);
    const quick = task({ taskId: "quick", priority: 20 });
    await bypass.setExpressBypass(true);
    await submission().submit([quick]);
    await bypass.setExpressBypass(false);
    expect(await submission().submit([quick])).toMatchObject([{ duplicate: true, lane: "regular" }]);
  });

  it("is found by its digest at any place in its entry", async () => {
    const digest = "rliJ0L_pNoc3O_tLuQnaBAI";
    const id = await queue.add("*", { task_id: "mine", digest, later: "field" });
    await queue.server.client.set(keys.task("mine"), `q ${id} ${id} ${stream} {"attempts":0}`);
    await expect(submission().submit([task({ taskId: "mine" })])).rejects.toMatchObject({
      conflicts: [{ differs: ["payload"] }],
    });
  });

  it.each([
    ['{"a": "x  y"}', '{"a":"x  y"}', true],
    ['{"a": "x  y"}', '{"a": "x y"}', false],
    ['{"a": "x", "b": 1}', '{"a": "y", "b": 1}', false],
    ['["\\"", " \\" "]', '[ "\\"" , " \\" " ]', true],
    ['["\\"", " \\" "]', '["\\"", "\\""]', false],
    ['"\\\\"', ' "\\\\"\n\t', true],
    ["[1, 2]", "[1,2]", true],
    ["[1, 2]", "[12]", false],
  ])("by its payload %s is the same as %s or not: %s", async (first, second, same) => {
    await submission().submit([task({ taskId: "mine", payloadJson: first })]);
    const again = submission().submit([task({ taskId: "mine", payloadJson: second })]);
    if (same) expect(await again).toMatchObject([{ duplicate: true }]);
    else await expect(again).rejects.toMatchObject({ conflicts: [{ index: 0, taskId: "mine", differs: ["payload"] }] });
  });

  it("is accepted once, however long its strings are", async () => {
    const taskId = "mine";
    const payloadJson = `{ "text": "${"x".repeat(16 * 1024 ** 2)}" }`;
    expect(await submission().submit([task({ taskId, payloadJson })])).toMatchObject([{ duplicate: false }]);
    const again = payloadJson.replaceAll(" ", "");
    expect(await submission().submit([task({ taskId, payloadJson: again })])).toMatchObject([{ duplicate: true }]);
    const other = submission().submit([task({ taskId, payloadJson: payloadJson.replace("x", "y") })]);
    await expect(other).rejects.toMatchObject({ conflicts: [{ index: 0, taskId, differs: ["payload"] }] });
  });

  it("is known to every release by the same digest", async () => {
    const payloadJson = '{"prompt": "Why?", "n": [1, 2]}';
    await submission().submit([
      task({ taskId: "slow", payloadJson }),
      task({ taskId: "quick", payloadJson, priority: 12 }),
    ]);
    expect((await entriesOf())[0]?.fields.digest).toBe("rliJ0L_pNoc3O_tLuQnaBAI");
    expect((await entriesOf(keys.queue(TYPE, "express").stream))[0]?.fields.digest).toBe("eliJ0L_pNoc3O_tLuQnaBAI");
  });

  it("and differs is named by its place in the batch, whether it is for now or for later", async () => {
    const ids = ["a", "b", "c", "d"];
    await submission().submit(ids.map((taskId) => task({ taskId })));
    const changed = ids.map((taskId, at) => {
      return { ...task({ taskId, payloadJson: "[]" }), ...(at % 2 === 0 ? { delayMs: 60_000 } : {}) };
    });
    const { telemetry, counts } = countingTelemetry();
    await expect(submission({ telemetry }).submit([task(), ...changed])).rejects.toMatchObject({
      conflicts: ids.map((taskId, at) => ({ index: at + 1, taskId, differs: ["payload"] })),
    });
    expect(counts).toEqual({ "regular submitted conflict": ids.length + 1 });
    const mixed = [task({ taskId: "later", delayMs: 60_000 }), task({ taskId: "a", payloadJson: "[]" })];
    await expect(submission().submit(mixed)).rejects.toMatchObject({ conflicts: [{ index: 1, taskId: "a" }] });
  });

  it("uses neither depth nor rate", async () => {
    const limited = submission({ maxQueueDepth: 2, rateLimitPerSecond: 0.001 });
    await submission().submit([task({ taskId: "a" }), task({ taskId: "b" })]);
    const receipts = await limited.submit([task({ taskId: "a" }), task({ taskId: "b" }), task({ taskId: "a" })]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([true, true, true]);
    expect(await queue.server.client.exists(keys.rateLimit)).toBe(0);
  });

  it("is found behind a new task of its batch, also if both are for later", async () => {
    const later = { delayMs: 60_000 };
    await submission().submit([task({ taskId: "known", ...later })]);
    const receipts = await submission().submit([
      task({ taskId: "new", ...later }),
      task({ taskId: "known", ...later }),
    ]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  it("within one batch, immediate and delayed, gives one task", async () => {
    const receipts = await submission().submit([task({ taskId: "a", delayMs: 60_000 }), task({ taskId: "a" })]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([true, false]);
    expect(await queue.server.client.zcard(keys.delayed(TYPE, "regular"))).toBe(0);
    expect(await entriesOf()).toHaveLength(1);
  });
});

describe("twins of one batch", () => {
  it("are one task in the lane that they ask for", async () => {
    const quick = task({ taskId: "a", priority: 20 });
    expect(await submission().submit([quick, quick])).toMatchObject([
      { duplicate: false, lane: "express" },
      { duplicate: true, lane: "express" },
    ]);
  });

  it("of different types are rejected", async () => {
    const twins = [task({ taskId: "a" }), task({ taskId: "a", type: OTHER_TYPE })];
    await expect(submission().submit(twins)).rejects.toMatchObject({
      conflicts: [{ index: 1, taskId: "a", differs: ["type"] }],
    });
    expect(await entriesOf()).toEqual([]);
  });
});

describe("the depth limit", () => {
  it("applies exactly to each queue, and a rejected batch stores nothing", async () => {
    const limited = submission({ maxQueueDepth: 5 });
    await limited.submit(tasks(5));
    await limited.submit([
      task({ priority: 20 }),
      task({ type: OTHER_TYPE }),
      task({ type: OTHER_TYPE, priority: 20 }),
    ]);
    const before = await stored();
    await expect(limited.submit(tasks(1))).rejects.toMatchObject({ reason: "overload" });
    await expect(limited.submit([task({ priority: 20 }), task({ taskId: "x" })])).rejects.toThrow(stream);
    await expect(
      limited.submit([
        ...Array.from({ length: 5 }, () => task({ type: OTHER_TYPE })),
        task({ type: OTHER_TYPE, priority: 20 }),
      ]),
    ).rejects.toThrow(keys.queue(OTHER_TYPE, "regular").stream);
    expect(await stored()).toEqual(before);
    await limited.submit(Array.from({ length: 4 }, () => task({ priority: 20 })));
    await limited.submit(Array.from({ length: 4 }, () => task({ type: OTHER_TYPE })));
  });

  it("is the same for a stream that does not exist yet", async () => {
    await queue.server.client.del(stream);
    const limited = submission({ maxQueueDepth: 2 });
    await expect(limited.submit(tasks(3))).rejects.toMatchObject({ reason: "overload" });
    await limited.submit(tasks(2));
    expect(await entriesOf()).toHaveLength(2);
  });

  it("counts existing entries once for a batch of many tasks", async () => {
    const limited = submission({ maxQueueDepth: 10 });
    await limited.submit(tasks(6));
    await expect(limited.submit(tasks(5))).rejects.toMatchObject({ reason: "overload" });
    await limited.submit(tasks(4));
    expect(await entriesOf()).toHaveLength(10);
  });
});

describe("the rate limit", () => {
  const switches = (configured = 0) => new Switches(queue.redis, keys, configured);
  const waitOf = (submitted: Promise<unknown>) =>
    submitted.then(
      () => 0,
      (error: { retryAfterSeconds?: number }) => error.retryAfterSeconds ?? -1,
    );

  /** Fills the bucket. With a time in the future it does not refill, even if the test is slow. */
  const fill = (tokens: number, atMs = Date.now() + 3_600_000) =>
    queue.server.client.hset(keys.rateLimit, "tokens", String(tokens), "at", String(atMs));
  const bucket = async () => {
    const [tokens, at] = await queue.server.client.hmget(keys.rateLimit, "tokens", "at");
    return { tokens: Number(tokens), atMs: Number(at) };
  };

  it("starts with the tokens of one second, and uses one per accepted task", async () => {
    await submission({ rateLimitPerSecond: 100 }).submit([task({ taskId: "a" }), ...tasks(59), task({ taskId: "a" })]);
    const { tokens, atMs } = await bucket();
    expect(tokens).toBe(40);
    expect(isNow(atMs)).toBe(true);
  });

  it("starts again with a full bucket if its data is damaged", async () => {
    const limited = submission({ rateLimitPerSecond: 10 });
    for (const damage of [{ tokens: "x" }, { at: "x" }, { tokens: "x", at: "x" }]) {
      await queue.server.client.hset(keys.rateLimit, { tokens: "10", at: String(Date.now()), ...damage });
      await limited.submit(tasks(4));
      expect((await bucket()).tokens).toBe(6);
      expect(isNow((await bucket()).atMs)).toBe(true);
    }
  });

  it("accepts one task for one token, but no batch", async () => {
    const limited = submission({ rateLimitPerSecond: 10 });
    await fill(1);
    expect(await waitOf(limited.submit(tasks(2)))).toBe(1);
    expect(await entriesOf()).toEqual([]);
    expect((await bucket()).tokens).toBe(1);
    await fill(1);
    await limited.submit(tasks(1));
    expect((await bucket()).tokens).toBe(0);
    expect(isNow((await bucket()).atMs)).toBe(true);
    expect(await entriesOf()).toHaveLength(1);
  });

  it("is named as the reason, with the type that met it", async () => {
    await switches(0).enableRateLimit(0);
    await expect(submission().submit(tasks(1))).rejects.toMatchObject({
      ...{ reason: "rate_limit", subject: TYPE, code: "RATE_LIMITED" },
      message: "Not accepted: submissions are rate limited",
    });
  });

  it("returns the time until there are enough tokens", async () => {
    await fill(0);
    expect(await waitOf(submission({ rateLimitPerSecond: 0.25 }).submit(tasks(1)))).toBe(4);
    expect(await waitOf(submission({ rateLimitPerSecond: 0.25 }).submit(tasks(9)))).toBe(4);
    await fill(-50);
    expect(await waitOf(submission({ rateLimitPerSecond: 10 }).submit(tasks(1)))).toBe(6);
    expect(await waitOf(submission({ rateLimitPerSecond: 10 }).submit(tasks(500)))).toBe(6);
  });

  it("never holds more than the tokens of one second", async () => {
    await fill(3, Date.now() - 3_600_000);
    await submission({ rateLimitPerSecond: 4 }).submit(tasks(1));
    expect((await bucket()).tokens).toBe(3);
  });

  it("refills at its rate", async () => {
    const filledAtMs = Date.now() - 200;
    await fill(0, filledAtMs);
    await submission({ rateLimitPerSecond: 1_000 }).submit(tasks(150));
    const { tokens, atMs } = await bucket();
    expect(tokens).toBe(Math.min(1_000, atMs - filledAtMs) - 150);
  });

  it("accepts one batch above the rate from a full bucket, as a debt", async () => {
    const limited = submission({ rateLimitPerSecond: 10 });
    await limited.submit(tasks(35));
    expect((await bucket()).tokens).toBe(-25);
    await fill(9.5);
    expect(await waitOf(limited.submit(tasks(35)))).toBe(1);
  });

  it("holds one token if the rate is below one per second", async () => {
    const limited = submission({ rateLimitPerSecond: 0.5 });
    await limited.submit(tasks(1));
    expect((await bucket()).tokens).toBe(0);
    await fill(0);
    expect(await waitOf(limited.submit(tasks(1)))).toBe(2);
  });

  it("of the configuration can be disabled and enabled again", async () => {
    const limited = submission({ rateLimitPerSecond: 1 });
    await fill(0);
    expect(await waitOf(limited.submit(tasks(1)))).toBe(1);
    await switches(1).disableRateLimit();
    await limited.submit(tasks(20));
    expect(await entriesOf()).toHaveLength(20);
    await switches(1).enableRateLimit();
    expect(await waitOf(limited.submit(tasks(1)))).toBe(1);
  });

  it("rejects all tasks if the rate of an operator is damaged", async () => {
    await queue.server.client.hset(keys.switches, { "rate-limit": "1", rate: "x" });
    expect(await waitOf(submission({ rateLimitPerSecond: 10 }).submit(tasks(1)))).toBe(5);
    expect(await entriesOf()).toEqual([]);
  });

  it("of an operator replaces the configured one", async () => {
    await switches(1_000).enableRateLimit(5);
    const limited = submission({ rateLimitPerSecond: 1_000 });
    await limited.submit(tasks(3));
    expect((await bucket()).tokens).toBe(2);
    await switches(1_000).enableRateLimit(0);
    expect(await waitOf(limited.submit(tasks(1)))).toBe(5);
    expect(await entriesOf()).toHaveLength(3);
  });

  it("does not apply if none is configured", async () => {
    await submission().submit(tasks(1_000));
    expect(await queue.server.client.exists(keys.rateLimit)).toBe(0);
  });
});

describe("ids", () => {
  it("continue after an id in the future, without losing a task", async () => {
    const future = Date.now() + 3_600_000;
    await queue.add(`${future}-9007199254740993`);
    const receipts = await submission().submit(tasks(2));
    expect(receipts.map(({ taskId }) => taskId)).toEqual([
      `${TYPE}.regular.${future + 1}-0`,
      `${TYPE}.regular.${future + 1}-1`,
    ]);
  });

  it("that no clock can produce are an error, and nothing is accepted", async () => {
    await queue.add("9007199254740993-0");
    const before = await stored();
    await expect(submission().submit(tasks(1))).rejects.toMatchObject({
      ...{ code: "REDIS_COMMAND_FAILED", kind: "reply" },
      message: expect.stringContaining(`${stream} is out of range`),
    });
    expect(await stored()).toEqual(before);
  });
});

describe("memory", () => {
  const memory = (ceiling: number, now: () => number = () => performance.now()) =>
    new MemoryGuard(queue.redis, ceiling, now);

  it("over the ceiling makes the guard reject, while Redis itself would still accept", async () => {
    const used = Number(/used_memory:(\d+)/.exec(await queue.server.client.info("memory"))?.[1]);
    await queue.server.client.config("SET", "maxmemory", String(used * 10));
    try {
      await submission({ memory: memory(0.8) }).submit(tasks(1));
      await expect(submission({ memory: memory(0.01) }).submit(tasks(1))).rejects.toMatchObject({
        reason: "overload",
        message: expect.stringContaining("nearly full"),
      });
      await queue.redis.xadd(stream, "*", "a", "b");
      expect(await entriesOf()).toHaveLength(2);
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
  });

  it("at the limit makes Redis reject if the guard does not, and nothing is stored", async () => {
    const before = await stored();
    await queue.server.client.config("SET", "maxmemory", "1mb");
    try {
      // With a ceiling that is never reached, Redis itself rejects.
      await expect(submission({ memory: memory(1e9) }).submit(tasks(1))).rejects.toMatchObject({
        reason: "overload",
        message: expect.stringMatching(/is full/),
      });
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
    expect(await stored()).toEqual(before);
  });

  it("is read at most twice a second", async () => {
    let now = 0;
    const guard = memory(0.01, () => now);
    expect(await guard.exceeded()).toBe(false);
    await queue.server.client.config("SET", "maxmemory", "10mb");
    try {
      now = 499;
      expect(await guard.exceeded()).toBe(false);
      now = 500;
      await eventually(
        () => guard.exceeded(),
        (exceeded) => exceeded,
      );
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
  });
});
