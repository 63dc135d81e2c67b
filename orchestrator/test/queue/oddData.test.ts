import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { createCompletion } from "../../src/queue/complete/completion.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { DEAD_LETTER_RECORD_TTL_SECONDS, RESULT_BUCKET_SEQUENCES, resultBucket } from "../../src/queue/record.ts";
import { Janitor } from "../../src/queue/recover/janitor.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { Recovery } from "../../src/queue/recover/recovery.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { aclRules } from "../../src/redis/permissions.ts";
import { useRedis } from "../support/redisServer.ts";
import { createSubmission, keys, startRunner, TYPE } from "../support/worker.ts";

/** Keys and ids that the service would not write. Failures of one queue must not affect the others. */

const { server, redis } = await useRedis();

const TYPES = ["bad", TYPE];
const { stream, group } = keys.queue(TYPE, "regular");
const promoter = () => new Promoter(redis, keys, TYPES);
const lookup = () => new TaskLookup(redis, keys, [TYPE]);

it.each([
  ["delayed set", keys.delayed("bad", "regular"), "string"],
  ["delayed set", keys.delayed("bad", "express"), "list"],
  ["stream", keys.queue("bad", "regular").stream, "string"],
  ["ledger", keys.ledger("bad"), "string"],
])("a %s with another type of value (%s, %s) stops only the promotion of its own queue", async (_, key, kind) => {
  // Added before the value is damaged, so that its queue has something to promote.
  await server.client.zadd(keys.delayed("bad", "regular"), 1, '["task_id","x","payload","1"]');
  await server.client.zadd(keys.delayed("bad", "express"), 1, '["task_id","y","payload","1"]');
  await server.client.del(key);
  await (kind === "string" ? server.client.set(key, "odd") : server.client.rpush(key, "odd"));
  await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1", taskId: "healthy", delayMs: 1 }]);
  const failures: { queue: string; error: string }[] = [];
  await eventually(
    async () => {
      failures.push(...(await promoter().runOnce()).failures);
      return await redis.xlen(stream);
    },
    (depth) => depth === 1,
  );
  expect(failures.length).toBeGreaterThan(0);
  for (const { queue, error } of failures) {
    expect(queue).toMatch(/^mcp:queue:bad/);
    expect(error).toContain("WRONGTYPE");
  }
});

it("dead letters with another type of value have no number in the report", async () => {
  await server.client.set(keys.deadLetters, "odd");
  expect((await readSnapshot(redis, keys, [TYPE], 0)).deadLetters).toBeUndefined();
});

it.each([
  ["a queue with another type of value", async () => server.client.set(keys.queue("bad", "regular").stream, "odd")],
  ["a delayed set with another type of value", async () => server.client.set(keys.delayed("bad", "regular"), "odd")],
])("%s removes only its own queue from the report", async (_, spoil) => {
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

it.each(["express", "regular"] as const)(
  "a stream of the %s lane with another type of value does not stop the other lane",
  async (lane) => {
    await server.client.set(keys.queue(TYPE, lane).stream, "odd");
    const priority = lane === "express" ? 1 : 20;
    await createSubmission(redis).submit([{ type: TYPE, priority, payloadJson: "1", taskId: "healthy" }]);
    const runner = startRunner(server, async () => "done");
    try {
      await eventually(
        () => lookup().find("healthy"),
        (view) => view?.status === "completed",
      );
    } finally {
      await runner.drain(1_000);
    }
  },
);

it.each([
  ["completes", "done", "completed"],
  ["fails", new ValidationError(TYPE, ["no"]), "failed"],
] as const)(
  "a record and a result hash with another type of value do not stop a task that %s, or others",
  async (_, result, status) => {
    const consumer = `regular_${TYPE}_0`;
    await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM");
    const task = { type: TYPE, priority: 1, payloadJson: "1" };
    const receipts = await createSubmission(redis).submit([{ ...task, taskId: "odd" }, task, task]);
    const [, plain] = receipts;
    const reply = await server.client.xreadgroup("GROUP", group, consumer, "STREAMS", stream, ">");
    expect(reply).toHaveLength(1);
    await server.client.rpush(`${keys.taskPrefix}spoiled`, "odd");
    await server.client.rename(`${keys.taskPrefix}spoiled`, keys.task("odd"));
    expect(await lookup().find("odd")).toBeUndefined();
    const results = keys.resultsPrefix(TYPE, "regular") + resultBucket(plain?.taskId.split(".").at(-1) ?? "");
    await server.client.rpush(results, "odd");
    expect(await lookup().find(plain?.taskId ?? "")).toMatchObject({ status: "running" });
    // Recovers what the consumer had pending.
    const started: string[] = [];
    const runner = startRunner(server, (_payload, { taskId }) => {
      started.push(taskId);
      return result instanceof Error ? Promise.reject(result) : result;
    });
    try {
      await eventually(
        () => lookup().find("odd"),
        (view) => view?.status === status,
      );
      await server.client.del(results);
      await eventually(
        () => redis.xlen(stream),
        (left) => left === 0,
      );
    } finally {
      await runner.drain(1_000);
    }
    expect(started.toSorted()).toEqual(receipts.map(({ taskId }) => taskId).toSorted());
  },
);

it("a record that Redis denies is an error, not a task without a record", async () => {
  const user = { username: "no-get", password: "secret" };
  await server.client.call("ACL", "SETUSER", user.username, "on", ">secret", ...aclRules(keys.prefix), "-get");
  const denied = createRedis(server.settings(user), "commands", "denied");
  try {
    await createSubmission(redis).submit([{ type: TYPE, priority: 1, payloadJson: "1", taskId: "mine" }]);
    await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM");
    await server.client.xreadgroup("GROUP", group, "me", "STREAMS", stream, ">");
    const [[id = ""] = []] = await server.client.xrange(stream, "-", "+");
    const letter = String(await server.client.xadd(keys.deadLetters, "*", "task_id", "mine", "stream", stream));
    const letters = new DeadLetters(denied, keys, [TYPE]);
    const queue = keys.queue(TYPE, "regular");
    const failed = { kind: "failed", entryId: id, taskId: "mine", reason: "internal", code: "X" } as const;
    const complete = createCompletion({
      ...{ redis: denied, keys, queue, consumer: "me", resultTtlSeconds: 60, expectedPending: 9 },
    });
    for (const use of [
      () => new TaskLookup(denied, keys, [TYPE]).find("mine"),
      () => new Recovery(denied, keys, queue, "me", "").claim([id]),
      () => complete([{ ...failed, message: "no", attempts: 1 }]),
      () => letters.retry(letter),
      () => letters.discard(letter),
      () => letters.trim({ maxEntries: 0, maxAgeSeconds: 1 }),
    ]) {
      await expect(use()).rejects.toMatchObject({ kind: "noperm" });
    }
    expect(await server.client.xlen(keys.deadLetters)).toBe(1);
  } finally {
    denied.disconnect();
  }
});

it("a dead letter whose record has another type of value can be retried", async () => {
  const letter = await server.client.xadd(keys.deadLetters, "*", "task_id", "odd", "payload", "1", "stream", stream);
  await server.client.rpush(keys.task("odd"), "odd");
  const letters = new DeadLetters(redis, keys, [TYPE]);
  await letters.retry(letter ?? "");
  expect(await lookup().find("odd")).toMatchObject({ status: "queued" });
});

it.each([
  ["text that is not JSON", "{"],
  ["an object", '{"a":1}'],
  ["an odd number of fields", '["task_id","x","payload"]'],
  ["fields that are lists", '["task_id",["x"],"payload",{"a":1}]'],
  ["nothing as a field", '["payload",null]'],
  ["more fields than Lua unpacks", JSON.stringify(new Array(20_000).fill("x"))],
  ["deep nesting", "[".repeat(2_000) + "]".repeat(2_000)],
])("a delayed member that is %s does not stop the next ones", async (_, member) => {
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

it("a malformed origin or attempt of a delayed member gives a readable record", async () => {
  const member = '["task_id","odd","payload","1","origin","not an id","attempt","1e400"]';
  await server.client.zadd(keys.delayed(TYPE, "regular"), 1, member);
  expect(await promoter().runOnce()).toMatchObject({ moved: 1, failures: [] });
  expect(await redis.get(keys.task("odd"))).toMatch(/^q (\d+-\d+) \1 mcp:queue:reasoning \{"attempts":0\}$/);
});

it("a task with an infinite due time is never promoted and does not delay the others", async () => {
  await server.client.zadd(keys.delayed(TYPE, "regular"), "+inf", '["payload","1"]');
  const { moved, nextDueMs } = await promoter().runOnce();
  expect(moved).toBe(0);
  expect(nextDueMs).toBe(86_400_000);
});

it("after an entry with an id in the future, result hashes are still bounded and expire", async () => {
  const futureMs = Date.now() + 365 * 24 * 3_600_000;
  // So many sequence numbers of this ms are used that the next tasks cross the bound.
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

it("the age of an entry with an id in the future is the age of its submission", async () => {
  await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  const submittedAt = new Date(Date.now() - 90_000).toISOString();
  const futureMs = Date.now() + 3_600_000;
  await server.client.xadd(stream, `${futureMs}-0`, "task_id", "x", "payload", "1", "timestamp", submittedAt);
  const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
  const age = queues.find(({ lane }) => lane === "regular")?.oldestAgeSeconds ?? 0;
  expect(age).toBeGreaterThan(89);
  expect(age).toBeLessThan(120);
});

it("after the dead letters were deleted, their ids are accepted again and their records expire", async () => {
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

  // While the letter exists, its record is renewed. A record without an expiry gets one.
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

it("the renewal of records reaches all dead letters, and then starts over", async () => {
  const total = 1_200;
  const letters = Array.from({ length: total }, (_, n) => n);
  const pipeline = server.client.pipeline();
  for (const n of letters) {
    pipeline.xadd(keys.deadLetters, `${n + 1}-0`, "task_id", `t${n}`);
    pipeline.set(keys.task(`t${n}`), `f 1-0 1-0 ${stream} {"deadLetterId":"${n + 1}-0","attempts":1}`);
  }
  // The record of a retried task no longer refers to the letter.
  pipeline.set(keys.task("t7"), `q 1-0 1-0 ${stream} {"attempts":0}`);
  // A program other than the service has written this key.
  pipeline.del(keys.task("t8")).rpush(keys.task("t8"), "odd");
  await pipeline.exec();
  const janitor = new Janitor(redis, keys, [TYPE], 60_000);
  const ttls = () => Promise.all(letters.map((n) => redis.ttl(keys.task(`t${n}`))));
  for (let round = 0; round < 3; round++) await janitor.runOnce();
  expect((await ttls()).flatMap((ttl, n) => (ttl < 0 ? [n] : []))).toEqual([7, 8]);
  await redis.persist(keys.task("t0"));
  await janitor.runOnce();
  expect(await redis.ttl(keys.task("t0"))).toBeGreaterThan(0);
  expect(await new DeadLetters(redis, keys, [TYPE]).get("1-0")).toMatchObject({ taskId: "t0" });
});
