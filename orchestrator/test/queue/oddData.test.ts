import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { RESULT_BUCKET_SEQUENCES } from "../../src/queue/record.ts";
import { DEAD_LETTER_RECORD_TTL_SECONDS, Janitor } from "../../src/queue/recover/janitor.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

/** Keys and ids that the service would not write: what goes wrong in one queue stays in it. */

let server: RedisServer;
let redis: RedisClient;
beforeAll(async () => {
  server = await startRedis();
  redis = createRedis(server.settings(), "commands", "test");
});
beforeEach(() => server.client.flushall());
afterAll(async () => {
  redis?.disconnect();
  await server?.[Symbol.asyncDispose]();
});

const TYPES = ["bad", TYPE];
const { stream, group } = keys.queue(TYPE, "regular");
const promoter = () => new Promoter(redis, keys, TYPES);
const lookup = () => new TaskLookup(redis, keys, [TYPE]);

it.each([
  ["delayed set", keys.delayed("bad", "regular"), "string"],
  ["delayed set", keys.delayed("bad", "express"), "list"],
  ["stream", keys.queue("bad", "regular").stream, "string"],
  ["ledger", keys.ledger("bad"), "string"],
])("a %s that holds another kind of value (%s, %s) stops the promotion of its own queue only", async (_, key, kind) => {
  // Due before the value is spoilt, so that its queue has something to promote.
  await server.client.zadd(keys.delayed("bad", "regular"), 1, '["task_id","x","payload","1"]');
  await server.client.zadd(keys.delayed("bad", "express"), 1, '["task_id","y","payload","1"]');
  await server.client.del(key);
  await (kind === "string" ? server.client.set(key, "odd") : server.client.rpush(key, "odd"));
  await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1", taskId: "healthy", delayMs: 1 }]);
  const failing = await eventually(
    async () => {
      const { failures } = await promoter().runOnce();
      return { failures, depth: await redis.xlen(stream) };
    },
    ({ depth }) => depth === 1,
  );
  expect(failing.failures.length).toBeGreaterThan(0);
  for (const { queue, error } of failing.failures) {
    expect(queue).toMatch(/^mcp:queue:bad/);
    expect(error).toContain("WRONGTYPE");
  }
});

it.each([
  ["a kind of value that holds no queue", async () => server.client.set(keys.queue("bad", "regular").stream, "odd")],
  ["a delayed set of another kind", async () => server.client.set(keys.delayed("bad", "regular"), "odd")],
])("%s takes only its own queue out of what is reported", async (_, spoil) => {
  await createSubmission(redis, { types: TYPES }).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);
  await spoil();
  const { queues, unreadable } = await readSnapshot(redis, keys, TYPES, 0);
  expect(queues.map(({ stream: name, depth }) => [name, depth])).toEqual([
    ["mcp:queue:bad:express", 0],
    [keys.queue(TYPE, "express").stream, 0],
    [stream, 1],
  ]);
  expect(unreadable).toEqual([
    { type: "bad", lane: "regular", stream: "mcp:queue:bad", error: expect.stringContaining("WRONGTYPE") },
  ]);
});

it.each([
  ["text that is not JSON", "{"],
  ["an object", '{"a":1}'],
  ["an odd number of fields", '["task_id","x","payload"]'],
  ["fields that are lists", '["task_id",["x"],"payload",{"a":1}]'],
  ["nothing as a field", '["payload",null]'],
  ["more fields than Lua unpacks", JSON.stringify(new Array(20_000).fill("x"))],
  ["deep nesting", "[".repeat(2_000) + "]".repeat(2_000)],
])("a delayed member that is %s does not stop the members behind it", async (_, member) => {
  const delayed = keys.delayed(TYPE, "regular");
  await server.client.zadd(delayed, 1, member, 2, '["task_id","behind","payload","1","attempt","1"]');
  expect(await promoter().runOnce()).toMatchObject({ moved: 2, failures: [] });
  expect(await server.client.zcard(delayed)).toBe(0);
  const entries = await server.client.xrange(stream, "-", "+");
  expect(entries.map(([, fields]) => fields)).toEqual([
    ["payload", member],
    ["task_id", "behind", "payload", "1", "attempt", "1"],
  ]);
  expect(await lookup().find("behind")).toMatchObject({ status: "retrying", attempts: 1 });
});

it("an odd origin or attempt of a delayed member still makes a readable record", async () => {
  const member = '["task_id","odd","payload","1","origin","not an id","attempt","1e400"]';
  await server.client.zadd(keys.delayed(TYPE, "regular"), 1, member);
  expect(await promoter().runOnce()).toMatchObject({ moved: 1, failures: [] });
  expect(await redis.get(keys.task("odd"))).toMatch(/^q (\d+-\d+) \1 mcp:queue:reasoning \{"attempts":0\}$/);
});

it("a due time without end is never promoted, and does not keep the others waiting", async () => {
  await server.client.zadd(keys.delayed(TYPE, "regular"), "+inf", '["payload","1"]');
  const { moved, nextDueMs } = await promoter().runOnce();
  expect(moved).toBe(0);
  expect(nextDueMs).toBe(86_400_000);
});

it("after an entry with an id of the future, results still go to hashes of bounded size that expire", async () => {
  const futureMs = Date.now() + 365 * 24 * 3_600_000;
  // As many have been added in this ms before that the next tasks cross the bound.
  const seq = RESULT_BUCKET_SEQUENCES - 10;
  await server.client.xadd(stream, `${futureMs}-${seq - 1}`, "task_id", "by-hand", "payload", "1");
  const task = { type: TYPE, priority: 1, payloadJson: "1" };
  const receipts = await createSubmission(redis).submit(Array.from({ length: 40 }, () => task));
  const runner = startRunner(server, async () => "done");
  try {
    for (const { taskId } of receipts) {
      await eventually(
        () => lookup().find(taskId),
        (view) => view?.status === "completed" && view.resultJson === '"done"',
      );
    }
  } finally {
    await runner.drain(1_000);
  }
  const hashes = await server.client.keys(`${keys.resultsPrefix(TYPE, "regular")}*`);
  const sizes = await Promise.all(hashes.map((key) => server.client.hlen(key)));
  expect(sizes.toSorted((a, b) => a - b)).toEqual([10, 30]);
  for (const key of hashes) expect(await server.client.ttl(key)).toBeGreaterThan(0);
});

it("the age of an entry with an id of the future is that of its submission", async () => {
  await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  const submittedAt = new Date(Date.now() - 90_000).toISOString();
  const futureMs = Date.now() + 3_600_000;
  await server.client.xadd(stream, `${futureMs}-0`, "task_id", "x", "payload", "1", "timestamp", submittedAt);
  const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
  const age = queues.find(({ lane }) => lane === "regular")?.oldestAgeSeconds ?? 0;
  expect(age).toBeGreaterThan(89);
  expect(age).toBeLessThan(120);
});

it("the id of a dead letter is accepted again after the letters were deleted, and its record expires", async () => {
  const submission = createSubmission(redis);
  const submit = () => submission.submit([{ type: TYPE, priority: 1, payloadJson: "1", taskId: "mine" }]);
  const runner = startRunner(
    server,
    async () => {
      throw new Error("no");
    },
    { maxAttempts: 1 },
  );
  const failed = () =>
    eventually(
      () => lookup().find("mine"),
      (view) => view?.status === "failed",
    );
  await submit();
  await failed();
  await runner.drain(1_000);
  expect(await submit()).toMatchObject([{ duplicate: true, status: "failed" }]);

  // While the letter is there the record is renewed; one that was left without an expiry gets it.
  expect(await redis.ttl(keys.task("mine"))).toBeGreaterThan(DEAD_LETTER_RECORD_TTL_SECONDS - 60);
  const janitor = new Janitor(redis, keys, [TYPE], 60_000);
  for (const spoil of [() => redis.persist(keys.task("mine")), () => redis.expire(keys.task("mine"), 100)]) {
    await spoil();
    await janitor.runOnce();
    expect(await redis.ttl(keys.task("mine"))).toBeGreaterThan(DEAD_LETTER_RECORD_TTL_SECONDS - 60);
  }

  await server.client.del(keys.deadLetters);
  await redis.expire(keys.task("mine"), 100);
  await janitor.runOnce();
  expect(await redis.ttl(keys.task("mine"))).toBeLessThanOrEqual(100);
  expect(await submit()).toMatchObject([{ duplicate: false, status: "queued" }]);
});

it("the walk through the dead letters reaches all of them, and begins anew", async () => {
  const total = 1_200;
  const letters = Array.from({ length: total }, (_, n) => n);
  const pipeline = server.client.pipeline();
  for (const n of letters) {
    pipeline.xadd(keys.deadLetters, `${n + 1}-0`, "task_id", `t${n}`);
    pipeline.set(keys.task(`t${n}`), `f 1-0 1-0 ${stream} {"deadLetterId":"${n + 1}-0","attempts":1}`);
  }
  // A letter whose task lives again has a record that is not its own.
  pipeline.set(keys.task("t7"), `q 1-0 1-0 ${stream} {"attempts":0}`);
  await pipeline.exec();
  const janitor = new Janitor(redis, keys, [TYPE], 60_000);
  const ttls = () => Promise.all(letters.map((n) => redis.ttl(keys.task(`t${n}`))));
  for (let round = 0; round < 3; round++) await janitor.runOnce();
  expect((await ttls()).flatMap((ttl, n) => (ttl < 0 ? [n] : []))).toEqual([7]);
  await redis.persist(keys.task("t0"));
  await janitor.runOnce();
  expect(await redis.ttl(keys.task("t0"))).toBeGreaterThan(0);
  expect(await new DeadLetters(redis, keys, [TYPE]).get("1-0")).toMatchObject({ taskId: "t0" });
});
