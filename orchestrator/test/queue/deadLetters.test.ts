import { expect, it } from "vitest";
import { NotFoundError } from "../../src/errors.ts";
import type { FailureReason } from "../../src/metrics/contract.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { useRedis } from "../support/redisServer.ts";
import { keys, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();
const deadLetters = new DeadLetters(redis, keys, [TYPE, "codegen"]);

const HOUR_MS = 3_600_000;

/** Adds a dead letter with its record, like a worker. @param ageMs its age */
async function add(taskId: string, { type = TYPE, reason = "upstream", payload = "1", ageMs = 0 } = {}) {
  const { stream } = keys.queue(type, "regular");
  const id = ageMs === 0 ? "*" : `${Date.now() - ageMs}-*`;
  const fields = { task_id: taskId, type, reason, payload, stream, lane: "regular", entry_id: "1-0", error: "no" };
  const letter = (await server.client.xadd(keys.deadLetters, id, ...Object.entries(fields).flat())) ?? "";
  const body = JSON.stringify({ deadLetterId: letter, attempts: 1 });
  await server.client.set(keys.task(taskId), `f 1-0 1-0 ${stream} ${body}`);
  return letter;
}
const listed = async () => (await deadLetters.list({ limit: 1_000 })).items.map(({ taskId }) => taskId);
const records = async () => (await server.client.keys(keys.task("*"))).map((key) => key.slice(keys.taskPrefix.length));

it("are listed in pages of bounded size, each on exactly one page", async () => {
  const payload = JSON.stringify("x".repeat(300_000));
  for (let n = 0; n < 10; n++) await add(`t${n}`, { payload });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await deadLetters.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(3);
    seen.push(...page.items.map(({ taskId }) => taskId));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => `t${9 - n}`));
});

it("that are larger than a page are on a page of their own", async () => {
  const payload = JSON.stringify("x".repeat(2_000_000));
  await add("large", { payload });
  await add("larger", { payload });
  expect((await deadLetters.list({ limit: 5 })).items.map(({ taskId }) => taskId)).toEqual(["larger"]);
});

it("fill a page up to its limit, newest first, for any limit", async () => {
  for (let n = 0; n < 25; n++) await add(`t${n}`);
  const newestFirst = Array.from({ length: 25 }, (_, n) => `t${24 - n}`);
  for (const limit of [1, 9, 10, 11, 24, 25, 26]) {
    const { items, nextCursor } = await deadLetters.list({ limit });
    expect(items.map(({ taskId }) => taskId)).toEqual(newestFirst.slice(0, limit));
    const rest = nextCursor === undefined ? [] : (await deadLetters.list({ limit: 25, cursor: nextCursor })).items;
    expect(rest.map(({ taskId }) => taskId)).toEqual(newestFirst.slice(limit));
  }
});

it("fill a page up to a MiB of text, and one byte more is on the next", async () => {
  const addBytes = async (bytes: number) =>
    await server.client.xadd(keys.deadLetters, "*", "payload", "x".repeat(bytes));
  await addBytes(1);
  await addBytes(1024 ** 2 - 7);
  await addBytes(7);
  expect((await deadLetters.list({ limit: 9 })).items.map(({ payloadJson }) => payloadJson.length)).toEqual([
    7,
    1024 ** 2 - 7,
  ]);
});

it("that do not match are scanned up to a limit, so that a rare type takes several calls", async () => {
  const rare = await add("rare", { type: "codegen" });
  for (let n = 0; n < 500; n++) await server.client.xadd(keys.deadLetters, "*", "task_id", `t${n}`);
  const page = await deadLetters.list({ limit: 9, type: "codegen" });
  expect(page).toEqual({ items: [], nextCursor: expect.any(String) });
  // All but one were scanned.
  expect((await deadLetters.list({ limit: 9, cursor: page.nextCursor ?? "" })).items).toHaveLength(1);
  const next = await deadLetters.list({ limit: 9, type: "codegen", cursor: page.nextCursor ?? "" });
  expect(next).toMatchObject({ items: [{ id: rare }] });
  expect(next.nextCursor).toBeUndefined();
});

it("without type and reason match no filter", async () => {
  await server.client.xadd(keys.deadLetters, "*", "task_id", "bare");
  expect((await deadLetters.list({ limit: 9, type: "x" })).items).toEqual([]);
  expect((await deadLetters.list({ limit: 9, reason: "x" as FailureReason })).items).toEqual([]);
});

it("are retried only if type and reason match", async () => {
  await add("a");
  await add("b", { reason: "timeout" });
  await add("c", { type: "codegen" });
  await add("d", { type: "gone" });
  expect(await deadLetters.retryWhere({ type: "codegen" })).toBe(1);
  expect((await listed()).toSorted()).toEqual(["a", "b", "d"]);
  expect(await deadLetters.retryWhere({ reason: "timeout" })).toBe(1);
  expect((await listed()).toSorted()).toEqual(["a", "d"]);
  expect(await deadLetters.retryWhere({ type: TYPE, reason: "timeout" })).toBe(0);
  // A type that the service does not have has no queue here.
  expect(await deadLetters.retryWhere({})).toBe(1);
  expect(await listed()).toEqual(["d"]);
  expect(await redis.xlen(keys.queue(TYPE, "regular").stream)).toBe(2);
  expect(await redis.xlen(keys.queue("codegen", "regular").stream)).toBe(1);
});

it("are retried on every page, also behind a page of those that cannot be", async () => {
  for (let n = 0; n < 3; n++) await add(`own${n}`);
  for (let n = 0; n < 100; n++) await add(`gone${n}`, { type: "gone" });
  for (let n = 0; n < 3; n++) await add(`new${n}`);
  expect(await deadLetters.retryWhere({})).toBe(6);
  expect(await redis.xlen(keys.deadLetters)).toBe(100);
  expect(await redis.xlen(keys.queue(TYPE, "regular").stream)).toBe(6);
});

it("are found by ids of any length, and not by what is not an id", async () => {
  for (const id of ["1-10", "1790000000000-12345"]) {
    await server.client.xadd(keys.deadLetters, id, "task_id", id);
    expect(await deadLetters.get(id)).toMatchObject({ id, taskId: id });
  }
  for (const id of ["odd", "", "-", "+", "1-1 ", "1"]) {
    expect(await deadLetters.get(id)).toBeUndefined();
    await expect(deadLetters.retry(id)).rejects.toThrow(NotFoundError);
  }
});

it("are discarded by filter with their records, also of types that the service does not have", async () => {
  await add("a");
  await add("b", { reason: "timeout" });
  await add("c", { type: "gone", reason: "timeout" });
  expect(await deadLetters.discardWhere({ reason: "timeout" })).toBe(2);
  expect(await listed()).toEqual(["a"]);
  expect(await records()).toEqual(["a"]);
  expect(await deadLetters.discardWhere({})).toBe(1);
  expect(await server.client.keys("*")).not.toContain(keys.task("a"));
});

it("are discarded without the record of another letter whose id begins with the same digits", async () => {
  for (const id of ["5-1", "5-10"]) await server.client.xadd(keys.deadLetters, id, "task_id", "mine");
  await server.client.set(keys.task("mine"), 'f 1-0 1-0 x {"deadLetterId":"5-10","attempts":1}');
  expect(await deadLetters.trim({ maxEntries: 1, maxAgeSeconds: 1e10 })).toEqual({ limit: 1, age: 0 });
  expect(await records()).toEqual(["mine"]);
});

it("are discarded over the limits of number and age, oldest first, with the records that refer to them", async () => {
  for (let n = 0; n < 250; n++) await add(`old${n}`, { ageMs: 2 * HOUR_MS - n });
  for (let n = 0; n < 10; n++) await add(`new${n}`);
  // Submitted again in the meantime, so the record belongs to another task now.
  await server.client.set(keys.task("old0"), `q 9-0 9-0 ${keys.queue(TYPE, "regular").stream} {"attempts":0}`);
  // A program other than the service has written this key.
  await server.client.del(keys.task("old1"));
  await server.client.rpush(keys.task("old1"), "odd");
  expect(await deadLetters.trim({ maxEntries: 255, maxAgeSeconds: 86_400 })).toEqual({ limit: 5, age: 0 });
  expect(await redis.xlen(keys.deadLetters)).toBe(255);
  expect(await records()).not.toContain("old4");
  expect(await records()).toEqual(expect.arrayContaining(["old0", "old1", "old5"]));
  expect(await deadLetters.trim({ maxEntries: 1_000, maxAgeSeconds: 3_600 })).toEqual({ limit: 0, age: 245 });
  expect(await listed()).toEqual(Array.from({ length: 10 }, (_, n) => `new${9 - n}`));
  expect((await records()).toSorted()).toEqual(
    ["old0", "old1", ...Array.from({ length: 10 }, (_, n) => `new${n}`)].toSorted(),
  );
  expect(await deadLetters.trim({ maxEntries: 10, maxAgeSeconds: 60 })).toEqual({ limit: 0, age: 0 });
});
