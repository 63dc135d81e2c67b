import { describe, expect, it } from "vitest";
import { TaskExplainer } from "../../src/queue/inspect/explain.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { packResult } from "../../src/queue/record.ts";
import { Switches } from "../../src/queue/switches.ts";
import { isNow, TYPES, useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

/** Tests the inspection of tasks and queues, value by value. */

const queue = useQueue();
const ME = `regular_${TYPE}_0`;
const { group, stream } = keys.queue(TYPE, "regular");
const explain = (taskId: string) => new TaskExplainer(queue.redis, keys, TYPES).explain(taskId);

describe("a task", () => {
  it("that waits is explained by the number of entries before it", async () => {
    const ids = await queue.submit(260);
    await queue.deliver("other", 10);
    for (const [at, count] of [
      [10, 0],
      [11, 1],
      [109, 99],
      [110, 100],
      [111, 101],
      [259, 249],
    ] as const) {
      const explanation = await explain(ids[at] ?? "");
      expect(explanation).toMatchObject({ ahead: { count, atLeast: false }, paused: false });
      expect(explanation?.task).toEqual({
        taskId: ids[at],
        type: TYPE,
        lane: "regular",
        status: "queued",
        attempts: 0,
        enqueuedAtMs: expect.toSatisfy(isNow),
      });
      expect(explanation?.owner).toBeUndefined();
    }
  });

  it("far behind has a count of up to a thousand, marked as a minimum", async () => {
    await queue.submit(1_000);
    await queue.submit(150);
    const ids = await queue.submit(1);
    expect((await explain(ids[0] ?? ""))?.ahead).toEqual({
      count: expect.toSatisfy((count) => count >= 1_000 && count < 1_100),
      atLeast: true,
    });
  });

  it("that runs is explained by its consumer, its idle time and the last heartbeat", async () => {
    const [taskId = "", second = ""] = await queue.submit(2);
    const [id = "", other = ""] = await queue.deliver(ME);
    await queue.server.client.call("XCLAIM", stream, group, ME, "0", id, "IDLE", "70000", "RETRYCOUNT", "3");
    await queue.steal(other, "regular_silent");
    await queue.server.client.zadd(keys.heartbeats, Date.now() - 42_000, ME);
    const explanation = await explain(taskId);
    expect(explanation?.task).toMatchObject({ status: "running", attempts: 1, worker: ME });
    expect(explanation?.owner).toMatchObject({ consumer: ME, deliveries: 3 });
    expect(explanation?.owner?.idleMs).toBeGreaterThanOrEqual(70_000);
    expect(explanation?.owner?.idleMs).toBeLessThan(80_000);
    expect(explanation?.owner?.heartbeatAgeMs).toBeGreaterThanOrEqual(41_000);
    expect(explanation?.owner?.heartbeatAgeMs).toBeLessThan(52_000);
    expect((await explain(second))?.owner).toMatchObject({ consumer: "regular_silent", deliveries: 1 });
    expect((await explain(second))?.owner).not.toHaveProperty("heartbeatAgeMs");
  });

  it("with a chosen id is found by its record, in any queue", async () => {
    await queue.submit(1, { taskId: "here", type: "ml", priority: 20 });
    expect(await queue.lookup.find("here")).toMatchObject({ type: "ml", lane: "express", status: "queued" });
    await queue.deliver("express_ml_0", 1, "express");
    const { group: other, stream: from } = keys.queue("ml", "express");
    await queue.server.client.call("XREADGROUP", "GROUP", other, "express_ml_0", "STREAMS", from, ">");
    await queue.server.client.zadd(keys.heartbeats, Date.now() - 1_000, "express_ml_0");
    const explanation = await explain("here");
    expect(explanation?.owner).toMatchObject({ consumer: "express_ml_0", deliveries: 1 });
    expect(explanation?.owner?.heartbeatAgeMs).toBeLessThan(10_000);
  });

  it("is looked up in the group of this queue, although other groups read the stream", async () => {
    await queue.server.client.xgroup("CREATE", stream, "aaa", "0");
    await queue.server.client.xgroup("CREATE", stream, "zzz", "0");
    const [first = "", second = "", third = ""] = await queue.submit(3);
    await queue.deliver(ME, 1);
    for (const [name, count] of [
      ["aaa", "2"],
      ["zzz", "3"],
    ] as const) {
      await queue.server.client.call("XREADGROUP", "GROUP", name, "stranger", "COUNT", count, "STREAMS", stream, ">");
    }
    expect(await queue.lookup.find(first)).toMatchObject({ status: "running", worker: ME });
    expect(await queue.lookup.find(second)).toMatchObject({ status: "queued" });
    expect((await explain(third))?.ahead).toEqual({ count: 1, atLeast: false });
  });

  it("is not found if it is unknown, its entry was deleted, or the entry belongs to another task", async () => {
    const [taskId = ""] = await queue.submit(1);
    expect(await queue.lookup.find("never")).toBeUndefined();
    expect(await queue.lookup.find(`${TYPE}.regular.5-5`)).toBeUndefined();
    expect(await queue.lookup.find(taskId.replace(TYPE, "other"))).toBeUndefined();
    await queue.submit(1, { taskId: "named" });
    const [, entry] = await queue.server.client.xrange(stream, "-", "+");
    expect(await queue.lookup.find(`${TYPE}.regular.${entry?.[0]}`)).toBeUndefined();
    await queue.server.client.del(stream);
    expect(await queue.lookup.find(taskId)).toBeUndefined();
    expect(await queue.lookup.find("named")).toBeUndefined();
    expect(await explain("named")).toBeUndefined();
  });

  it("of a stream without its group waits, after the entries before it", async () => {
    const [, second = ""] = await queue.submit(2);
    await queue.server.client.xgroup("DESTROY", stream, group);
    expect(await explain(second)).toMatchObject({ task: { status: "queued" }, ahead: { count: 1 } });
  });

  it("with a damaged record is not found", async () => {
    await queue.server.client.set(keys.task("mine"), "damaged");
    expect(await queue.lookup.find("mine")).toBeUndefined();
  });

  it("that completed is found by its result, or by its record if it has one", async () => {
    const [taskId = ""] = await queue.submit(1);
    const [id = ""] = await queue.deliver(ME);
    const packed = packResult(11, 22, ME, '{"r":1}');
    const outcome = {
      kind: "completed",
      entryId: id,
      taskId,
      originMs: 1,
      waitedMs: 0,
      result: packed,
      hasRecord: false,
    } as const;
    await queue.completion(ME)([outcome]);
    expect(await queue.lookup.find(taskId)).toMatchObject({
      status: "completed",
      resultJson: '{"r":1}',
      startedAtMs: 11,
    });
    expect((await explain(taskId))?.summary).toBe("Completed.");
    // If a task with this id was moved afterwards, its record takes precedence.
    await queue.server.client.set(keys.task(taskId), `f ${id} ${id} ${stream} {"attempts":2,"deadLetterId":"1-1"}`);
    expect(await queue.lookup.find(taskId)).toMatchObject({ status: "failed", attempts: 2, deadLetterId: "1-1" });
    expect((await explain(taskId))?.summary).toBe("In the dead letter queue as 1-1: ");
  });

  it("that is delayed is explained by its due time", async () => {
    await queue.submit(1, { taskId: "later", delayMs: 90_000 });
    const view = await queue.lookup.find("later");
    expect(view).toMatchObject({ status: "delayed", attempts: 0 });
    expect(isNow((view?.dueAtMs ?? 0) - 90_000)).toBe(true);
    const leftMs = Number(/Starts in (\d+) ms/.exec((await explain("later"))?.summary ?? "")?.[1]);
    expect(leftMs).toBeGreaterThan(80_000);
    expect(leftMs).toBeLessThanOrEqual(90_000);
  });
});

describe("the summary of a task", () => {
  const summaryOf = async (taskId: string) => (await explain(taskId))?.summary;
  const pause = () => new Switches(queue.redis, keys, 0).pause(TYPE);

  it("says how many wait before it, and whether its type is paused", async () => {
    const [, second = ""] = await queue.submit(2);
    expect(await summaryOf(second)).toBe("Waits for a free worker: 1 task(s) before it in the regular lane.");
    await pause();
    expect(await summaryOf(second)).toBe("Its type is paused; 1 task(s) before it in the regular lane.");
    await queue.submit(1_000);
    const [last = ""] = await queue.submit(1);
    expect(await summaryOf(last)).toMatch(
      /^Its type is paused; at least 1\d{3} task\(s\) before it in the regular lane\.$/,
    );
  });

  it("says who has it, since when, and whether it may wait there", async () => {
    const [taskId = ""] = await queue.submit(1);
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.call("XCLAIM", stream, group, ME, "0", id, "IDLE", "70400", "RETRYCOUNT", "3");
    const idle = "idle for 7\\d s\\.";
    expect(await summaryOf(taskId)).toMatch(
      new RegExp(`^Delivered 3 time\\(s\\)\\. ${ME} has it \\(no heartbeat yet\\); ${idle}$`),
    );
    await queue.server.client.zadd(keys.heartbeats, Date.now() - 42_000, ME);
    await pause();
    expect(await summaryOf(taskId)).toMatch(
      new RegExp(`${ME} has it \\(last heartbeat 4\\d s ago\\); ${idle} Its type is paused, so it may wait there\\.$`),
    );
  });

  it("says how it failed, or why it starts later", async () => {
    const error = '"error":{"reason":"upstream","code":"X","message":"no luck"}';
    const record = (state: string, body: string) =>
      queue.server.client.set(keys.task("t"), `${state} 1-0 - ${stream} {"attempts":2,${body}}`);
    await record("f", `"deadLetterId":"9-9",${error}`);
    expect(await summaryOf("t")).toBe("In the dead letter queue as 9-9: no luck");
    await record("f", error);
    expect(await summaryOf("t")).toBe("Failed and discarded: no luck");
    const delayed = keys.delayed(TYPE, "regular");
    await queue.server.client.zadd(delayed, 1, '["task_id","t","payload","1"]');
    await record("r", `"dueAtMs":${Date.now() + 60_000},${error}`);
    expect(await summaryOf("t")).toMatch(
      /^Starts in (5[5-9]|60)\d{3} ms\. The next attempt follows after 2 failed attempt\(s\): no luck$/,
    );
    await record("d", '"dueAtMs":1');
    expect(await summaryOf("t")).toBe("Starts in 0 ms. The client requested the delay.");
  });
});

describe("a task whose member of the delayed set was deleted by hand", () => {
  const delayed = keys.delayed(TYPE, "regular");

  it.each([
    ["a delayed one", async () => void (await queue.submit(1, { taskId: "mine", delayMs: 600_000 }))],
    [
      "one that waits for its next attempt",
      async () => {
        await queue.submit(1, { taskId: "mine" });
        const [entryId = ""] = await queue.deliver(ME);
        const error = { reason: "upstream", code: "UPSTREAM", message: "no", attempts: 1 } as const;
        await queue.completion(ME)([{ kind: "retried", entryId, taskId: "mine", delayMs: 600_000, ...error }]);
      },
    ],
  ])("is not found, unaccounted, and its id is free again: %s", async (_, prepare) => {
    await prepare();
    // Others, of which one is due at the same time.
    await queue.submit(3, { delayMs: 600_000 });
    const dueAtMs = (await queue.lookup.find("mine"))?.dueAtMs ?? 0;
    await queue.server.client.zadd(delayed, dueAtMs, '["task_id","mine2","payload","\\"task_id\\",\\"mine\\""]');
    const members = await queue.server.client.zrange(delayed, 0, -1);
    const member = members.find((text) => text.includes('"task_id","mine"')) ?? "";
    // A due time that was changed by hand.
    await queue.server.client.zadd(delayed, "XX", dueAtMs + 5_000, member);
    expect(await queue.lookup.find("mine")).toMatchObject({ dueAtMs });
    await queue.submit(1, { taskId: "mine" });
    expect(await queue.server.client.xlen(stream)).toBe(0);
    const [express, before = 0] = await queue.balance();

    await queue.server.client.zrem(delayed, member);
    expect(await queue.lookup.find("mine")).toBeUndefined();
    expect(await explain("mine")).toBeUndefined();
    expect(await queue.balance()).toEqual([express, before + 1]);
    await queue.submit(1, { taskId: "mine" });
    expect(await queue.lookup.find("mine")).toMatchObject({ status: "queued", attempts: 0 });
    expect(await queue.balance()).toEqual([express, before + 1]);
  });

  it("is not found in a long set once it should have started, and then its id is free", async () => {
    const client = queue.server.client;
    const record = (taskId: string, dueAtMs: number) =>
      client.set(keys.task(taskId), `d - - ${stream} {"attempts":0,"dueAtMs":${dueAtMs}}`);
    const dueAtMs = Date.now() + 600_000;
    const others = Array.from({ length: 1_500 }, (_, at) => [dueAtMs, `["task_id","other${at}","payload","1"]`]);
    await client.zadd(delayed, ...others.flat());
    // So many are due at the same time that not all are examined: it may be among them.
    await record("beside", dueAtMs);
    await record("later", dueAtMs + 1);
    await record("overdue", Date.now() - 61_000);
    await record("just-due", Date.now() - 30_000);
    const found = async (taskId: string) => (await queue.lookup.find(taskId))?.status;
    expect(await Promise.all(["beside", "later", "overdue", "just-due"].map(found))).toEqual([
      "delayed",
      "delayed",
      undefined,
      "delayed",
    ]);
    for (const taskId of ["beside", "later", "overdue", "just-due"]) await queue.submit(1, { taskId });
    expect(await client.xlen(stream)).toBe(1);
    expect(await found("overdue")).toBe("queued");
  });

  it("is taken to wait if the set has another type of value", async () => {
    await queue.submit(1, { taskId: "mine", delayMs: 600_000 });
    await queue.server.client.set(delayed, "odd");
    expect(await queue.lookup.find("mine")).toMatchObject({ status: "delayed" });
  });
});

describe("the snapshot", () => {
  it("contains all numbers of each queue", async () => {
    await queue.submit(5);
    await queue.submit(2, { priority: 20 });
    await queue.submit(1, { delayMs: 60_000 });
    await queue.submit(1, { type: "ml" });
    const [a = "", b = "", c = ""] = await queue.deliver(ME, 4);
    const taskIdOf = (entryId: string) => `${TYPE}.regular.${entryId}`;
    const error = { reason: "upstream", code: "UPSTREAM", message: "no", attempts: 1 } as const;
    await queue.completion(ME)([
      {
        kind: "completed",
        entryId: a,
        taskId: taskIdOf(a),
        originMs: 1,
        waitedMs: 0,
        result: packResult(1, 2, ME, "1"),
        hasRecord: false,
      },
      { kind: "failed", entryId: b, taskId: taskIdOf(b), ...error },
      { kind: "retried", entryId: c, taskId: taskIdOf(c), delayMs: 60_000, ...error },
    ]);
    await queue.server.client.hset(keys.ledger(TYPE), "regular:written_off", "7");
    const snapshot = await readSnapshot(queue.redis, keys, TYPES, 3);
    expect(isNow(snapshot.nowMs)).toBe(true);
    expect(snapshot.deadLetters).toBe(1);
    expect(snapshot.server.memory.usedBytes).toBeGreaterThan(100_000);
    expect(snapshot.server.memory.maxBytes).toBe(0);
    expect(snapshot.controls).toEqual({ rateLimit: { enabled: true, perSecond: 3 }, expressBypass: false, paused: [] });
    const numbers = snapshot.queues.map(({ type, lane, depth, pending, lag, delayed, unaccounted, writtenOff }) => {
      return [type, lane, depth, pending, lag, delayed, unaccounted, writtenOff];
    });
    expect(numbers).toEqual([
      [TYPE, "express", 2, 0, 2, 0, 0, 0],
      [TYPE, "regular", 2, 1, 2, 2, -7, 7],
      ["ml", "express", 0, 0, 0, 0, 0, 0],
      ["ml", "regular", 1, 0, 1, 0, 0, 0],
    ]);
  });

  it("contains the age of the oldest entry in seconds; 0 if there is none", async () => {
    await queue.add(`${Date.now() - 90_000}-0`);
    await queue.submit(3);
    const { queues } = await readSnapshot(queue.redis, keys, [TYPE], 0);
    const [express, regular] = queues;
    expect(express?.oldestAgeSeconds).toBe(0);
    expect(regular?.oldestAgeSeconds).toBeGreaterThanOrEqual(90);
    expect(regular?.oldestAgeSeconds).toBeLessThan(100);
  });

  it("contains the time since the first delayed task of a lane was due, in seconds; 0 if none is overdue", async () => {
    await queue.submit(2, { delayMs: 60_000 });
    await queue.submit(2, { delayMs: 60_000, priority: 20 });
    const overdue = async () =>
      (await readSnapshot(queue.redis, keys, [TYPE], 0)).queues.map(({ overdueSeconds }) => overdueSeconds);
    expect(await overdue()).toEqual([0, 0]);
    const delayed = keys.delayed(TYPE, "regular");
    const [first = "", second = ""] = await queue.server.client.zrange(delayed, 0, -1);
    await queue.server.client.zadd(delayed, Date.now() - 40_000, first, Date.now() - 90_000, second);
    const [express, regular] = await overdue();
    expect(express).toBe(0);
    expect(regular).toBeGreaterThanOrEqual(90);
    expect(regular).toBeLessThan(100);
  });

  it("detects tasks that are lost or counted twice, by lane", async () => {
    await queue.submit(3);
    await queue.submit(2, { priority: 20 });
    const [entry] = await queue.server.client.xrange(stream, "-", "+");
    await queue.server.client.xdel(stream, entry?.[0] ?? "");
    await queue.server.client.hincrby(keys.ledger(TYPE), "express:completed", 1);
    expect(await queue.balance()).toEqual([-1, 1]);
  });

  it("counts the pending entries of the group of this queue", async () => {
    await queue.server.client.xgroup("CREATE", stream, "aaa", "0");
    await queue.server.client.xgroup("CREATE", stream, "zzz", "0");
    await queue.submit(3);
    await queue.deliver(ME, 2);
    for (const name of ["aaa", "zzz"]) {
      await queue.server.client.call("XREADGROUP", "GROUP", name, "stranger", "COUNT", "1", "STREAMS", stream, ">");
    }
    expect((await readSnapshot(queue.redis, keys, [TYPE], 0)).queues[1]).toMatchObject({ pending: 2, depth: 3 });
  });

  it("can be read from an empty Redis, and over the memory limit of Redis", async () => {
    await queue.server.client.flushall();
    await queue.server.client.config("SET", "maxmemory", "2mb");
    try {
      const { queues, server } = await readSnapshot(queue.redis, keys, TYPES, 0);
      const none = { depth: 0, pending: 0, lag: 0, oldestAgeSeconds: 0, delayed: 0, overdueSeconds: 0 };
      expect(queues).toMatchObject(new Array(4).fill({ ...none, unaccounted: 0, writtenOff: 0 }));
      expect(server.memory.maxBytes).toBe(2 * 1024 ** 2);
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
  });

  it("contains the runtime switches", async () => {
    const switches = new Switches(queue.redis, keys, 0);
    await switches.enableRateLimit(12);
    await switches.setExpressBypass(true);
    await switches.pause("ml");
    expect((await readSnapshot(queue.redis, keys, TYPES, 5)).controls).toEqual({
      rateLimit: { enabled: true, perSecond: 12 },
      expressBypass: true,
      paused: ["ml"],
    });
  });
});
