import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { keys, TYPE } from "../support/worker.ts";

let server: RedisServer;
let redis: RedisClient;
let deadLetters: DeadLetters;
beforeAll(async () => {
  server = await startRedis();
  redis = createRedis(server.settings(), "commands", "test");
  deadLetters = new DeadLetters(redis, keys, [TYPE, "codegen"]);
});
beforeEach(() => server.client.flushall());
afterAll(async () => {
  redis?.disconnect();
  await server?.[Symbol.asyncDispose]();
});

const HOUR_MS = 3_600_000;

/** Adds a dead letter with its record, as a worker leaves them. @param ageMs how old it is */
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

it("are listed in pages that end with their bytes, and every one is in one page", async () => {
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

it("that are larger than a page are a page of their own", async () => {
  const payload = JSON.stringify("x".repeat(2_000_000));
  await add("large", { payload });
  await add("larger", { payload });
  expect((await deadLetters.list({ limit: 5 })).items.map(({ taskId }) => taskId)).toEqual(["larger"]);
});

it("are retried by type and by reason, and no others", async () => {
  await add("a");
  await add("b", { reason: "timeout" });
  await add("c", { type: "codegen" });
  await add("d", { type: "gone" });
  expect(await deadLetters.retryWhere({ type: "codegen" })).toBe(1);
  expect((await listed()).toSorted()).toEqual(["a", "b", "d"]);
  expect(await deadLetters.retryWhere({ reason: "timeout" })).toBe(1);
  expect((await listed()).toSorted()).toEqual(["a", "d"]);
  expect(await deadLetters.retryWhere({ type: TYPE, reason: "timeout" })).toBe(0);
  // A type that is not served here has no queue to go back to.
  expect(await deadLetters.retryWhere({})).toBe(1);
  expect(await listed()).toEqual(["d"]);
  expect(await redis.xlen(keys.queue(TYPE, "regular").stream)).toBe(2);
  expect(await redis.xlen(keys.queue("codegen", "regular").stream)).toBe(1);
});

it("are discarded by filter with their records, also of types that are not served here", async () => {
  await add("a");
  await add("b", { reason: "timeout" });
  await add("c", { type: "gone", reason: "timeout" });
  expect(await deadLetters.discardWhere({ reason: "timeout" })).toBe(2);
  expect(await listed()).toEqual(["a"]);
  expect(await records()).toEqual(["a"]);
  expect(await deadLetters.discardWhere({})).toBe(1);
  expect(await server.client.keys("*")).not.toContain(keys.task("a"));
});

it("beyond their number or their age are discarded, the oldest first, with the records that lead to them", async () => {
  for (let n = 0; n < 250; n++) await add(`old${n}`, { ageMs: 2 * HOUR_MS - n });
  for (let n = 0; n < 10; n++) await add(`new${n}`);
  // Submitted again in the meantime: the record is about another task by now.
  await server.client.set(keys.task("old0"), `q 9-0 9-0 ${keys.queue(TYPE, "regular").stream} {"attempts":0}`);
  expect(await deadLetters.trim({ maxEntries: 255, maxAgeSeconds: 86_400 })).toEqual({ limit: 5, age: 0 });
  expect(await redis.xlen(keys.deadLetters)).toBe(255);
  expect(await records()).not.toContain("old4");
  expect(await records()).toEqual(expect.arrayContaining(["old0", "old5"]));
  expect(await deadLetters.trim({ maxEntries: 1_000, maxAgeSeconds: 3_600 })).toEqual({ limit: 0, age: 245 });
  expect(await listed()).toEqual(Array.from({ length: 10 }, (_, n) => `new${9 - n}`));
  expect((await records()).toSorted()).toEqual(["old0", ...Array.from({ length: 10 }, (_, n) => `new${n}`)].toSorted());
  expect(await deadLetters.trim({ maxEntries: 10, maxAgeSeconds: 60 })).toEqual({ limit: 0, age: 0 });
});
