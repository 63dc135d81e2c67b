import { expect, it } from "vitest";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { isNow, OTHER_TYPE, TYPES, useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

/** Tests the effects of promotion, value by value. */

const queue = useQueue();
const { stream } = keys.queue(TYPE, "regular");
const delayed = keys.delayed(TYPE, "regular");

const entries = async (of = stream) =>
  (await queue.server.client.xrange(of, "-", "+")).map(([id, flat]) => ({
    id,
    fields: Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []))),
  }));
const put = (dueAtMs: number, member: unknown, set = delayed) =>
  queue.server.client.zadd(set, dueAtMs, typeof member === "string" ? member : JSON.stringify(member));

it("moves only due tasks, and returns when the next is due", async () => {
  await queue.submit(1, { taskId: "soon", delayMs: 1, payloadJson: '{"x":1}', priority: 4 });
  await queue.submit(1, { taskId: "later", delayMs: 60_000 });
  await queue.server.client.zadd(delayed, "XX", 1, (await queue.server.client.zrange(delayed, 0, 0))[0] ?? "");
  const round = await queue.promote();
  expect(round.moved).toBe(1);
  expect(round.nextDueMs).toBeGreaterThan(55_000);
  expect(round.nextDueMs).toBeLessThanOrEqual(60_000);
  const [entry, ...others] = await entries();
  expect(others).toEqual([]);
  expect(entry?.fields).toEqual({
    task_id: "soon",
    payload: '{"x":1}',
    priority: "4",
    type: TYPE,
    timestamp: expect.stringMatching(/^\d{4}-/),
    digest: expect.any(String),
  });
  expect(isNow(Number.parseInt(entry?.id ?? "", 10))).toBe(true);
  expect(await queue.server.client.zcard(delayed)).toBe(1);
  expect(await queue.lookup.find("soon")).toEqual({
    taskId: "soon",
    type: TYPE,
    lane: "regular",
    status: "queued",
    attempts: 0,
    enqueuedAtMs: Number.parseInt(entry?.id ?? "", 10),
  });
  expect(await queue.lookup.find("later")).toMatchObject({ status: "delayed" });
  expect(await queue.ledger()).toEqual({ "regular:delayed": "2", "regular:moved": "1" });
  expect(await queue.balance()).toEqual([0, 0]);
});

it("keeps the attempts and the first entry of a retry", async () => {
  const fields = ["payload", "1", "type", TYPE, "attempt", "2", "origin", "5-5", "task_id", "mine"];
  await put(1, fields);
  await queue.promote();
  const [entry] = await entries();
  expect(entry?.fields).toMatchObject({ attempt: "2", origin: "5-5", task_id: "mine", payload: "1" });
  expect(await queue.lookup.find("mine")).toMatchObject({ status: "retrying", attempts: 2, enqueuedAtMs: 5 });
  expect(await queue.server.client.get(keys.task("mine"))).toBe(`q 5-5 ${entry?.id} ${stream} {"attempts":2}`);
});

it("moves the tasks of each queue to its own stream, and counts them for its lane", async () => {
  for (const type of TYPES) {
    for (const { lane } of keys.queues(type)) {
      await put(1, ["task_id", `${type}-${lane}`, "payload", "1"], keys.delayed(type, lane));
    }
  }
  expect((await queue.promote()).moved).toBe(4);
  for (const type of TYPES) {
    for (const { lane, stream: own } of keys.queues(type)) {
      expect((await entries(own)).map(({ fields }) => fields.task_id)).toEqual([`${type}-${lane}`]);
      expect(await queue.lookup.find(`${type}-${lane}`)).toMatchObject({ type, lane, status: "queued" });
    }
    expect(await queue.ledger(type)).toEqual({ "express:moved": "1", "regular:moved": "1" });
  }
});

it("returns when the next task of any queue is due, and undefined if none is delayed", async () => {
  expect(await queue.promote()).toMatchObject({ moved: 0, nextDueMs: undefined });
  const now = Date.now();
  await put(now + 50_000, "far", keys.delayed(TYPE, "express"));
  await put(now + 20_000, "near", keys.delayed(TYPE, "regular"));
  await put(now + 30_000, "between", keys.delayed(OTHER_TYPE, "express"));
  const { nextDueMs } = await queue.promote();
  expect(nextDueMs).toBeGreaterThan(15_000);
  expect(nextDueMs).toBeLessThanOrEqual(20_000);
});

it("moves thousands in one round", async () => {
  const total = 1_205;
  const many = queue.server.client.pipeline();
  for (let at = 0; at < total; at++) many.zadd(delayed, 1, JSON.stringify(["payload", "1", "task_id", `t-${at}`]));
  await many.exec();
  expect((await new Promoter(queue.redis, keys, [TYPE]).runOnce()).moved).toBe(total);
  expect(await queue.server.client.xlen(stream)).toBe(total);
  expect(await queue.server.client.zcard(delayed)).toBe(0);
  expect(await queue.ledger()).toEqual({ "regular:moved": String(total) });
});

it("moves members that the service did not write unchanged, and continues", async () => {
  const odd = ["no JSON", '{"a":1}', "[]", '["one"]', "7", '"text"', '[["a"],"b"]', '["a",null]'];
  for (const [at, member] of odd.entries()) await put(at + 1, member);
  await put(100, ["payload", "1", "number", 7, "task_id", "good"]);
  expect((await queue.promote()).moved).toBe(odd.length + 1);
  const seen = await entries();
  expect(seen.slice(0, odd.length).map(({ fields }) => fields)).toEqual(odd.map((payload) => ({ payload })));
  expect(seen.at(-1)?.fields).toEqual({ payload: "1", number: "7", task_id: "good" });
  expect(await queue.server.client.zcard(delayed)).toBe(0);
});

it("works over the memory limit of Redis, since delayed tasks could otherwise never end", async () => {
  await put(1, ["payload", "1", "task_id", "mine"]);
  await queue.server.client.config("SET", "maxmemory", "1mb");
  try {
    expect((await queue.promote()).moved).toBe(1);
  } finally {
    await queue.server.client.config("SET", "maxmemory", "0");
  }
  expect(await queue.server.client.xlen(stream)).toBe(1);
});
