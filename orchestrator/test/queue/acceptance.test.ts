import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { Controls } from "../../src/queue/controls.ts";
import { MemoryGuard } from "../../src/queue/submit/memoryGuard.ts";
import type { SubmissionDeps } from "../../src/queue/submit/submission.ts";
import type { TaskRequest } from "../../src/queue/task.ts";

import { isNow, OTHER_TYPE, TYPES, useQueue } from "../support/queue.ts";
import { countingTelemetry, createSubmission, keys, TYPE } from "../support/worker.ts";

/** What an accepted submission leaves in Redis, and what a rejected one does not, value by value. */

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
/** All that is stored, to be compared. */
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
          expect(Object.keys(fields)).toHaveLength(fields.task_id === "mine" ? 7 : 6);
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

  it("keep the order of their batch when it is larger than a millisecond holds", async () => {
    await submission().submit(Array.from({ length: 1_000 }, (_, at) => task({ payloadJson: String(at) })));
    expect((await entriesOf()).map(({ fields }) => Number(fields.payload))).toEqual([...Array(1_000).keys()]);
  });

  it("for later wait in the set of their lane, due by the clock of Redis", async () => {
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
      "timestamp",
      expect.any(String),
      "waited",
      "0",
      "digest",
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

  it("are counted by lane, without those that were known", async () => {
    const { telemetry, counts } = countingTelemetry();
    const batch = [
      task({ taskId: "x" }),
      task({ priority: 20 }),
      task({ taskId: "x" }),
      task({ taskId: "y", delayMs: 9 }),
    ];
    await submission({ telemetry }).submit(batch);
    expect(counts).toEqual({ "regular enqueued": 2, "express enqueued": 1 });
  });

  it("take the regular lane while the bypass is on, also those for later, and the answer says so", async () => {
    await new Controls(queue.redis, keys, 0).setExpressBypass(true);
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
    expect(counts).toEqual({ "regular enqueued": 3 });
  });
});

describe("a task that is known", () => {
  it("is answered with its state, whichever that is, and changes nothing", async () => {
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

  it("takes neither room nor rate", async () => {
    const limited = submission({ maxQueueDepth: 2, rateLimitPerSecond: 0.001 });
    await submission().submit([task({ taskId: "a" }), task({ taskId: "b" })]);
    const receipts = await limited.submit([task({ taskId: "a" }), task({ taskId: "b" }), task({ taskId: "a" })]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([true, true, true]);
    expect(await queue.server.client.exists(keys.rateLimit)).toBe(0);
  });

  it("in one batch for now and for later is one task", async () => {
    const receipts = await submission().submit([task({ taskId: "a", delayMs: 60_000 }), task({ taskId: "a" })]);
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([true, false]);
    expect(await queue.server.client.zcard(keys.delayed(TYPE, "regular"))).toBe(0);
    expect(await entriesOf()).toHaveLength(1);
  });
});

describe("the depth limit", () => {
  it("holds for each queue, to the task, and a rejected batch leaves nothing", async () => {
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

  it("counts what is there once for a batch of many", async () => {
    const limited = submission({ maxQueueDepth: 10 });
    await limited.submit(tasks(6));
    await expect(limited.submit(tasks(5))).rejects.toMatchObject({ reason: "overload" });
    await limited.submit(tasks(4));
    expect(await entriesOf()).toHaveLength(10);
  });
});

describe("the rate limit", () => {
  const controls = (configured = 0) => new Controls(queue.redis, keys, configured);
  const waitOf = (submitted: Promise<unknown>) =>
    submitted.then(
      () => 0,
      (error: { retryAfterSeconds?: number }) => error.retryAfterSeconds ?? -1,
    );

  /** Fills the bucket. With a time to come nothing flows in, however slow the test is. */
  const fill = (tokens: number, atMs = Date.now() + 3_600_000) =>
    queue.server.client.hset(keys.rateLimit, "tokens", String(tokens), "at", String(atMs));
  const bucket = async () => {
    const [tokens, at] = await queue.server.client.hmget(keys.rateLimit, "tokens", "at");
    return { tokens: Number(tokens), atMs: Number(at) };
  };

  it("begins with a second's tasks, and takes as many as were accepted", async () => {
    await submission({ rateLimitPerSecond: 100 }).submit([task({ taskId: "a" }), ...tasks(59), task({ taskId: "a" })]);
    const { tokens, atMs } = await bucket();
    expect(tokens).toBe(40);
    expect(isNow(atMs)).toBe(true);
  });

  it("lets one task through for one token, and a batch not for one", async () => {
    const limited = submission({ rateLimitPerSecond: 10 });
    await fill(1);
    const before = await stored();
    expect(await waitOf(limited.submit(tasks(2)))).toBe(1);
    expect(await stored()).toEqual(before);
    await limited.submit(tasks(1));
    expect((await bucket()).tokens).toBe(0);
    expect(isNow((await bucket()).atMs)).toBe(true);
    expect(await entriesOf()).toHaveLength(1);
  });

  it("says how long it takes until there are enough", async () => {
    await fill(0);
    expect(await waitOf(submission({ rateLimitPerSecond: 0.25 }).submit(tasks(1)))).toBe(4);
    expect(await waitOf(submission({ rateLimitPerSecond: 0.25 }).submit(tasks(9)))).toBe(4);
    await fill(-50);
    expect(await waitOf(submission({ rateLimitPerSecond: 10 }).submit(tasks(1)))).toBe(6);
    expect(await waitOf(submission({ rateLimitPerSecond: 10 }).submit(tasks(500)))).toBe(6);
  });

  it("never saves up more than one second's tasks", async () => {
    await fill(3, Date.now() - 3_600_000);
    await submission({ rateLimitPerSecond: 4 }).submit(tasks(1));
    expect((await bucket()).tokens).toBe(3);
  });

  it("refills by the time that passed, at its rate", async () => {
    const filledAtMs = Date.now() - 200;
    await fill(0, filledAtMs);
    await submission({ rateLimitPerSecond: 1_000 }).submit(tasks(150));
    const { tokens, atMs } = await bucket();
    expect(tokens).toBe(Math.min(1_000, atMs - filledAtMs) - 150);
  });

  it("passes one batch above the rate from a full bucket, as a debt", async () => {
    const limited = submission({ rateLimitPerSecond: 10 });
    await limited.submit(tasks(35));
    expect((await bucket()).tokens).toBe(-25);
    await fill(9.5);
    expect(await waitOf(limited.submit(tasks(35)))).toBe(1);
  });

  it("holds one task where the rate is below one a second", async () => {
    const limited = submission({ rateLimitPerSecond: 0.5 });
    await limited.submit(tasks(1));
    expect((await bucket()).tokens).toBe(0);
    await fill(0);
    expect(await waitOf(limited.submit(tasks(1)))).toBe(2);
  });

  it("that is configured can be switched off, and on again", async () => {
    const limited = submission({ rateLimitPerSecond: 1 });
    await fill(0);
    expect(await waitOf(limited.submit(tasks(1)))).toBe(1);
    await controls(1).disableRateLimit();
    await limited.submit(tasks(20));
    expect(await entriesOf()).toHaveLength(20);
    await controls(1).enableRateLimit();
    expect(await waitOf(limited.submit(tasks(1)))).toBe(1);
  });

  it("that an operator sets holds in place of the configured one", async () => {
    await controls(1_000).enableRateLimit(5);
    const limited = submission({ rateLimitPerSecond: 1_000 });
    await limited.submit(tasks(3));
    expect((await bucket()).tokens).toBe(2);
    await controls(1_000).enableRateLimit(0);
    expect(await waitOf(limited.submit(tasks(1)))).toBe(5);
    expect(await entriesOf()).toHaveLength(3);
  });

  it("is not there where none is configured", async () => {
    await submission().submit(tasks(1_000));
    expect(await queue.server.client.exists(keys.rateLimit)).toBe(0);
  });
});

describe("ids", () => {
  it("follow on from an id of the future, without a task lost", async () => {
    const future = Date.now() + 3_600_000;
    await queue.add(`${future}-9007199254740993`);
    const receipts = await submission().submit(tasks(2));
    expect(receipts.map(({ taskId }) => taskId)).toEqual([
      `${TYPE}.regular.${future + 1}-0`,
      `${TYPE}.regular.${future + 1}-1`,
    ]);
  });

  it("of no clock are an error, and nothing is accepted", async () => {
    await queue.add("9007199254740993-0");
    const before = await stored();
    await expect(submission().submit(tasks(1))).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    expect(await stored()).toEqual(before);
  });
});

describe("memory", () => {
  const memory = (ceiling: number, now: () => number = () => performance.now()) =>
    new MemoryGuard(queue.redis, ceiling, now);

  it("over the ceiling rejects by the guard, while Redis itself would still accept", async () => {
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

  it("at the limit is refused by Redis where the guard lets it pass, and nothing is stored", async () => {
    const before = await stored();
    await queue.server.client.config("SET", "maxmemory", "1mb");
    try {
      // A ceiling that is never reached: it is Redis that refuses.
      await expect(submission({ memory: memory(1e9) }).submit(tasks(1))).rejects.toMatchObject({
        reason: "overload",
        message: expect.stringMatching(/is full/),
      });
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
    expect(await stored()).toEqual(before);
  });

  it("is read at most twice a second, and again after", async () => {
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
