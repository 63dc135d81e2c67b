import { pino } from "pino";
import { expect, it } from "vitest";
import { Acceptances } from "../../src/queue/submit/acceptances.ts";
import { isFresh, OTHER_TYPE, TYPES, useQueue } from "../support/queue.ts";
import { createSubmission, keys, TYPE } from "../support/worker.ts";

/** Tests the comparison of accepted tasks between a replica and Redis, value by value. */

const queue = useQueue();
const REGULAR = keys.queue(TYPE, "regular").stream;
const EXPRESS = keys.queue(TYPE, "express").stream;
const OTHER = keys.queue(OTHER_TYPE, "regular").stream;

function setUp() {
  const logged: unknown[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const acceptances = new Acceptances(queue.redis, keys, TYPES, "a-life", log);
  const submission = createSubmission(queue.redis, { types: TYPES, acceptances });
  const submit = (
    count: number,
    fields: { priority?: number; type?: string; delayMs?: number; taskId?: string } = {},
  ) =>
    submission.submit(Array.from({ length: count }, () => ({ type: TYPE, priority: 1, payloadJson: "1", ...fields })));
  const known = () => queue.server.client.hgetall(acceptances.key);
  /** Sets the count in Redis, as if Redis had gone back to an older state. */
  const setBack = (stream: string, count: string) => queue.server.client.hset(acceptances.key, stream, count);
  return { acceptances, submit, known, setBack, logged };
}

it("both count accepted tasks by type and lane, without duplicates", async () => {
  const { acceptances, submit, known } = setUp();
  await submit(3);
  await submit(2, { priority: 20 });
  await submit(1, { delayMs: 60_000 });
  await submit(4, { type: OTHER_TYPE });
  await submit(1, { taskId: "mine" });
  await submit(1, { taskId: "mine" });
  expect(await known()).toEqual({ [REGULAR]: "5", [EXPRESS]: "2", [OTHER]: "4" });
  expect(await acceptances.reconcile()).toBe(0);
  expect(await queue.ledger()).toEqual({ "regular:delayed": "1" });
});

it("a damaged count in Redis is like none", async () => {
  const { acceptances, submit, setBack, known } = setUp();
  await submit(3);
  await setBack(REGULAR, "odd");
  expect(await acceptances.reconcile()).toBe(3);
  expect(await known()).toEqual({ [REGULAR]: "3" });
});

it("tasks missing in Redis are lost: counted once, for their lane, and logged", async () => {
  const { acceptances, submit, setBack, known, logged } = setUp();
  await submit(9);
  await submit(5, { priority: 20 });
  await submit(4, { type: OTHER_TYPE });
  await setBack(REGULAR, "2");
  await setBack(OTHER, "3");
  expect(await acceptances.reconcile()).toBe(8);
  expect(await queue.ledger()).toEqual({ "regular:lost": "7" });
  expect(await queue.ledger(OTHER_TYPE)).toEqual({ "regular:lost": "1" });
  expect(await known()).toEqual({ [REGULAR]: "9", [EXPRESS]: "5", [OTHER]: "4" });
  expect(await queue.balance()).toEqual([0, 7]);
  expect(logged).toMatchObject([
    { stream: REGULAR, count: 7, msg: `Redis has lost 7 accepted tasks of ${REGULAR}` },
    { stream: OTHER, count: 1 },
  ]);
  expect(await acceptances.reconcile()).toBe(0);
  expect(logged).toHaveLength(2);
  await submit(1);
  await setBack(REGULAR, "8");
  expect(await acceptances.reconcile()).toBe(2);
  expect(await queue.ledger()).toEqual({ "regular:lost": "9" });
});

it("all tasks are lost if the count in Redis is missing or not a number", async () => {
  const { acceptances, submit, setBack } = setUp();
  await submit(3);
  await queue.server.client.del(acceptances.key);
  expect(await acceptances.reconcile()).toBe(3);
  await setBack(REGULAR, "odd");
  expect(await acceptances.reconcile()).toBe(3);
});

it("after FLUSHALL each task that the replica has accepted is lost, also a finished one", async () => {
  const { acceptances, submit } = setUp();
  await submit(3);
  const [entryId = ""] = await queue.deliver("a-consumer", 1);
  const finished = { taskId: entryId, originMs: 0, waitedMs: 0, result: "", hasRecord: false };
  await queue.completion("a-consumer")([{ kind: "completed", entryId, ...finished }]);
  expect(await queue.balance()).toEqual([0, 0]);
  await queue.server.client.flushall();
  expect(await acceptances.reconcile()).toBe(3);
  expect(await queue.balance()).toEqual([0, 3]);
});

it("a higher count in Redis is not a loss of tasks, but of a reply", async () => {
  const { acceptances, submit, setBack, known } = setUp();
  await submit(3);
  await setBack(REGULAR, "5");
  expect(await acceptances.reconcile()).toBe(0);
  expect(await known()).toEqual({ [REGULAR]: "5" });
  expect(await queue.ledger()).toEqual({});
});

it("the count of a replica is kept for a week after its last comparison, and not created without tasks", async () => {
  const { acceptances, submit } = setUp();
  expect(await acceptances.reconcile()).toBe(0);
  expect(Object.keys(await queue.expiries())).not.toContain(acceptances.key);
  await submit(1);
  await acceptances.reconcile();
  expect(isFresh((await queue.expiries())[acceptances.key], 7 * 86_400)).toBe(true);
});

it("works over the memory limit of Redis, so that losses are visible then too", async () => {
  const { acceptances, submit, setBack } = setUp();
  await submit(3);
  await setBack(REGULAR, "1");
  await queue.server.client.config("SET", "maxmemory", "1mb");
  try {
    expect(await acceptances.reconcile()).toBe(2);
  } finally {
    await queue.server.client.config("SET", "maxmemory", "0");
  }
});
