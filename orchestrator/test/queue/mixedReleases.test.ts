import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Outcome } from "../../src/queue/outcome.ts";
import { RESULT_BUCKET_MS, resultBucket } from "../../src/queue/record.ts";
import { Script } from "../../src/redis/script.ts";
import { useQueue } from "../support/queue.ts";
import { createSubmission, keys, TYPE } from "../support/worker.ts";

/*
 * A rolling update: replicas of the release before schema versions use the same queues. The tests represent them by the
 * scripts of that release, through which it changes all its data.
 */

const former = (name: string) =>
  new Script(name, readFileSync(new URL(`../fixtures/schema-1.0/${name}.lua`, import.meta.url), "utf8"));
const scripts = {
  claim: former("claim"),
  complete: former("complete"),
  find: former("find"),
  janitor: former("janitor"),
  promote: former("promote"),
  revive: former("revive"),
};

/** Consumer names: the former release uses only the worker, this release also the process. */
const OLD = "regular_reasoning_0";
const NEW = "regular_reasoning_0_host.0123456789";
/** Default DELIVERY_LIMIT of both: deliveries in the former release, deaths in this one. */
const LIMIT = 5;

const under = useQueue();
const queue = keys.queue(TYPE, "regular");
const delayed = keys.delayed(TYPE, "regular");
const ledger = keys.ledger(TYPE);

/** Starts entries in a worker of the former release. @returns its delivery counts, and the states in the records */
async function claim(...ids: string[]): Promise<{ deliveries: number; record: string }[]> {
  const results = keys.resultsPrefix(TYPE, "regular");
  const args = [queue.group, OLD, keys.taskPrefix, results, RESULT_BUCKET_MS, `${TYPE}.regular.`, ...ids];
  const rows = await scripts.claim.run<[string, number, string[], string][]>(under.redis, [queue.stream], args);
  return rows.map(([, deliveries, , record]) => ({ deliveries, record }));
}

/** Finishes entries in a worker of the former release. */
async function complete(
  id: string,
  part: { result?: string; record?: [taskId: string, record: string]; other?: string[] },
) {
  const bucket = keys.resultsPrefix(TYPE, "regular") + resultBucket(id);
  const [, failure, missed] = await scripts.complete.run<[string, string, string[]]>(
    under.redis,
    [queue.stream, keys.deadLetters, delayed, ledger],
    [
      ...[queue.group, OLD, "regular", keys.taskPrefix, "600", "100", id, id],
      ...(part.result === undefined ? ["0"] : ["1", bucket, "1", id, part.result]),
      ...(part.record === undefined ? ["0"] : ["1", id, ...part.record]),
      ...(part.other ?? []),
    ],
  );
  expect(failure).toBe("");
  return missed;
}

const error = { reason: "internal", code: "E", message: "odd" } as const;
const body = `"attempts":1,"worker":"${OLD}","error":${JSON.stringify(error)}}`;
const entryOf = (id: string, taskId: string) => ({ entryId: id, taskId });
const retried = (id: string, taskId: string): Outcome => ({
  ...{ kind: "retried", ...entryOf(id, taskId), ...error, attempts: 1, delayMs: 0 },
});
const failed = (id: string, taskId: string): Outcome => ({
  ...{ kind: "failed", ...entryOf(id, taskId), ...error, attempts: 1 },
});

async function promoteFormerly(): Promise<number> {
  const [, moved] = await scripts.promote.run<[number, number]>(
    under.redis,
    [delayed, queue.stream, ledger],
    [keys.taskPrefix, 100, "regular"],
  );
  return moved;
}

it("the former release runs tasks that this release accepted, and each finds the results of the other", async () => {
  const [generated = "", other = ""] = await under.submit(2);
  await under.submit(1, { taskId: "own" });
  const [first = "", second = "", third = ""] = await under.deliver(OLD);
  await under.steal(second, NEW);
  await complete(first, { result: `1 2 ${OLD} "by the former"` });
  await complete(third, { record: ["own", `c ${third} ${third} ${queue.stream} {"attempts":1,"result":"own"}`] });
  await under.completion(NEW)([
    {
      ...{ kind: "completed", ...entryOf(second, other), originMs: 1, waitedMs: 0 },
      ...{ hasRecord: false, result: `1 2 ${NEW} "by this"` },
    },
  ]);
  expect(await under.lookup.find(generated)).toMatchObject({ status: "completed", resultJson: '"by the former"' });
  expect(await under.lookup.find("own")).toMatchObject({ status: "completed", resultJson: '"own"' });
  const bucket = keys.resultsPrefix(TYPE, "regular") + resultBucket(second);
  const found = await scripts.find.run<unknown[]>(
    under.redis,
    [keys.task(other), keys.heartbeats, queue.stream, bucket],
    [queue.group, second],
  );
  expect(found.at(-1)).toBe(`1 2 ${NEW} "by this"`);
  expect(await under.balance()).toEqual([0, 0]);
});

it("each release promotes retries and delayed tasks of the other", async () => {
  const [taskId = ""] = await under.submit(1);
  await under.submit(1, { taskId: "own", delayMs: 1 });
  const [id = ""] = await under.deliver(NEW);
  await under.completion(NEW)([retried(id, taskId)]);
  let moved = 0;
  const promoted = async () => {
    moved += await promoteFormerly();
    return moved;
  };
  await expect.poll(promoted).toBe(2);
  expect(await under.lookup.find("own")).toMatchObject({ status: "queued" });
  const entries = await under.server.client.xrange(queue.stream, "-", "+");
  const again = entries.find(([, fields]) => fields.includes(taskId))?.[0] ?? "";
  await under.deliver(OLD);
  await complete(again, { other: ["r", again, taskId, "0", body, "2"] });
  expect(await under.promote()).toMatchObject({ failures: [] });
  expect(await under.lookup.find(taskId)).toMatchObject({ status: "retrying", attempts: 2 });
  expect(await under.server.client.zcard(delayed)).toBe(0);
  expect(await under.balance()).toEqual([0, 0]);
});

it("each release retries dead letters of the other", async () => {
  const [taskId = ""] = await under.submit(1, { taskId: "own" });
  const [id = ""] = await under.deliver(NEW);
  await under.completion(NEW)([failed(id, taskId)]);
  const [letter] = (await under.letters.list({ limit: 10 })).items;
  const args = [letter?.id ?? "", keys.taskPrefix, taskId, "[]"];
  const entry = await scripts.revive.run<string>(under.redis, [keys.deadLetters, queue.stream], args);
  expect(await under.deliver(OLD)).toEqual([entry]);
  await complete(entry, { other: ["f", entry, taskId, "internal", body, "odd"] });
  const [next] = (await under.letters.list({ limit: 10 })).items;
  expect(next).toMatchObject({ taskId: "own", reason: "internal" });
  await under.letters.retry(next?.id ?? "");
  expect(await under.lookup.find(taskId)).toMatchObject({ status: "queued" });
  // Without a digest, it is still recognized by its id.
  const again = createSubmission(under.redis).submit([{ type: TYPE, priority: 1, payloadJson: "1", taskId: "own" }]);
  expect(await again).toMatchObject([{ status: "queued", duplicate: true }]);
  expect(await under.balance()).toEqual([0, 0]);
});

it("neither release runs a task that the other finished, and a worker that lost an entry cannot finish it", async () => {
  const [taskId = "", stolen = ""] = await under.submit(2);
  const [id = "", second = ""] = await under.deliver(NEW);
  // Finished, but the acknowledgement was denied, so both record and entry exist.
  await under.server.client.set(keys.task(taskId), `c - ${id} ${queue.stream} {"attempts":1}`);
  await under.steal(id, OLD);
  expect(await claim(id)).toEqual([{ deliveries: 2, record: "c" }]);
  await complete(id, { other: ["s", id, taskId, "", "", ""] });
  await under.steal(second, OLD);
  const late = await under.completion(NEW)([failed(second, stolen)]);
  expect(late.missed).toEqual(new Map([[second, "other"]]));
  await under.steal(second, NEW);
  expect(await complete(second, { result: "1 2 w 1" })).toEqual([second, "other"]);
  expect(await under.balance()).toEqual([0, 0]);
});

it("a healthy task that alternates between the releases is poison for neither", async () => {
  await under.submit(1);
  const [id = ""] = await under.deliver(NEW);
  const seen: [deliveries: number, deaths: number][] = [];
  for (let round = 0; round < 2; round++) {
    await under.steal(id, OLD);
    const [{ deliveries } = { deliveries: 0 }] = await claim(id);
    await under.steal(id, NEW);
    const [{ deaths } = { deaths: 0 }] = await under.recovery(NEW).claim([id]);
    seen.push([deliveries, deaths]);
  }
  expect(seen).toEqual([
    [2, 1],
    [4, 2],
  ]);
  for (const [deliveries, deaths] of seen) {
    expect(deliveries).toBeLessThanOrEqual(LIMIT);
    expect(deaths).toBeLessThan(LIMIT);
  }
});

it("a task at the delivery limit of the former release is not poison for this one", async () => {
  await under.submit(1);
  const [id = ""] = await under.deliver(OLD);
  for (let delivery = 2; delivery <= LIMIT; delivery++) expect(await claim(id)).toMatchObject([{ record: "" }]);
  await under.steal(id, NEW);
  expect(await under.recovery(NEW).claim([id])).toMatchObject([{ deaths: 2, record: "" }]);
});

it("the former release keeps the consumers of this one while they poll or have a heartbeat", async () => {
  await under.submit(1);
  await under.deliver(NEW);
  const { client } = under.server;
  await client.xgroup("CREATECONSUMER", queue.stream, queue.group, "regular_reasoning_1_host.0123456789");
  await client.xgroup("CREATECONSUMER", queue.stream, queue.group, "regular_reasoning_2_host.0123456789");
  await client.zadd(keys.heartbeats, Date.now(), "regular_reasoning_1_host.0123456789");
  // By the clock of Redis, a consumer that was created in this ms is not idle yet.
  await expect
    .poll(() => scripts.janitor.run(under.redis, [queue.stream, keys.heartbeats], [queue.group, 0, 60_000]))
    .toEqual(["regular_reasoning_2_host.0123456789"]);
  expect(await under.pending()).toEqual({ [NEW]: [expect.any(String)] });
});
