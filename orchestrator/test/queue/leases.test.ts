import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { Janitor } from "../../src/queue/recover/janitor.ts";
import { Leases, releasePending } from "../../src/queue/recover/leases.ts";

import { isNow, TYPES, useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

/** Tests leases, heartbeats and the removal of consumers that are gone. */

const queue = useQueue();
const regular = keys.queue(TYPE, "regular");
const ME = `regular_${TYPE}_0`;
const OTHER = `regular_${TYPE}_1`;

type Row = { id: string; consumer: string; idleMs: number; deliveries: number };
async function rows(): Promise<Row[]> {
  const raw = await queue.server.client.xpending(regular.stream, regular.group, "-", "+", 2_000);
  return (raw as [string, string, number, number][]).map(([id, consumer, idleMs, deliveries]) => {
    return { id, consumer, idleMs, deliveries };
  });
}
/** Sets the idle time of entries without counting a delivery. */
const age = async (consumer: string, ids: readonly string[], idleMs: number) =>
  await queue.server.client.call(
    "XCLAIM",
    regular.stream,
    regular.group,
    consumer,
    "0",
    ...ids,
    "IDLE",
    String(idleMs),
    "JUSTID",
  );

it("renews only entries of live workers that are idle for long enough", async () => {
  await queue.submit(4);
  const ids = await queue.deliver(ME, 3);
  await queue.deliver(OTHER, 1);
  const [old = "", older = "", young = ""] = ids;
  await age(ME, [old, older], 60_000);
  await age(ME, [young], 9_000);
  await age(
    OTHER,
    (await rows()).filter(({ consumer }) => consumer === OTHER).map(({ id }) => id),
    60_000,
  );
  expect(await new Leases(queue.redis, keys, "").runOnce([{ type: TYPE, index: 0 }], 30_000)).toBe(2);
  const after = await rows();
  const idleOf = (id: string) => after.find((row) => row.id === id)?.idleMs ?? -1;
  expect(idleOf(old)).toBeLessThan(5_000);
  expect(idleOf(older)).toBeLessThan(5_000);
  expect(idleOf(young)).toBeGreaterThanOrEqual(9_000);
  // The entry of another worker without a heartbeat.
  expect(after.find(({ consumer }) => consumer === OTHER)?.idleMs).toBeGreaterThanOrEqual(60_000);
  // A renewal must not count as a delivery: a long task would become poison.
  expect(after.map(({ deliveries }) => deliveries)).toEqual([1, 1, 1, 1]);
});

it("renews more than one page", async () => {
  await queue.submit(1_000);
  await queue.submit(203);
  const ids = await queue.deliver(ME, 2_000);
  await age(ME, ids, 60_000);
  expect(await new Leases(queue.redis, keys, "").runOnce([{ type: TYPE, index: 0 }], 30_000)).toBe(1_203);
  expect((await rows()).every(({ idleMs }) => idleMs < 20_000)).toBe(true);
});

it("stores a heartbeat for both lanes of each live worker, and for no other", async () => {
  expect(
    await new Leases(queue.redis, keys, "a").runOnce(
      [
        { type: TYPE, index: 0 },
        { type: TYPE, index: 3 },
      ],
      1_000,
    ),
  ).toBe(0);
  // A second heartbeat replaces the first.
  await new Leases(queue.redis, keys, "a").runOnce([{ type: TYPE, index: 0 }], 1_000);
  const flat = await queue.server.client.zrange(keys.heartbeats, 0, -1, "WITHSCORES");
  const names = flat.filter((_, at) => at % 2 === 0);
  const expected = ["express", "regular"].flatMap((lane) => [0, 3].map((index) => `${lane}_${TYPE}_${index}_a`));
  expect(names.toSorted()).toEqual(expected.toSorted());
  for (const score of flat.filter((_, at) => at % 2 === 1)) expect(isNow(Number(score))).toBe(true);
});

it("stores the heartbeat even if the group is missing, and over the memory limit", async () => {
  await queue.server.client.del(regular.stream);
  await queue.server.client.config("SET", "maxmemory", "1mb");
  try {
    expect(await new Leases(queue.redis, keys, "").runOnce([{ type: TYPE, index: 0 }], 1_000)).toBe(0);
  } finally {
    await queue.server.client.config("SET", "maxmemory", "0");
  }
  expect(await queue.server.client.zscore(keys.heartbeats, ME)).not.toBeNull();
});

it("releases the entries of a consumer at once, with their deliveries, and removes its heartbeat", async () => {
  await queue.submit(3);
  await queue.deliver(ME, 2);
  await queue.deliver(OTHER, 1);
  await queue.server.client.zadd(keys.heartbeats, Date.now(), ME, Date.now(), OTHER);
  expect(await releasePending(queue.redis, keys, regular, ME, 120_000)).toBe(2);
  const after = await rows();
  for (const row of after) {
    if (row.consumer === ME) expect(row.idleMs).toBeGreaterThanOrEqual(120_000);
    else expect(row.idleMs).toBeLessThan(60_000);
    expect(row.deliveries).toBe(1);
  }
  expect(await queue.server.client.zrange(keys.heartbeats, 0, -1)).toEqual([OTHER]);
  expect(await queue.recovery(OTHER).claimOrphans(100_000, 10)).toHaveLength(2);
});

it("a consumer is removed if it has no pending entries, is idle, and has no recent heartbeat", async () => {
  const names = async () =>
    ((await queue.server.client.xinfo("CONSUMERS", regular.stream, regular.group)) as string[][])
      .map((fields) => fields[1] ?? "")
      .toSorted();
  const create = (name: string) => queue.server.client.xgroup("CREATECONSUMER", regular.stream, regular.group, name);
  await queue.submit(1);
  await queue.deliver("busy", 1);
  for (const name of ["gone", "silent", "alive"]) await create(name);
  const now = Date.now();
  await queue.server.client.zadd(keys.heartbeats, now - 500, "gone", now - 60_000, "busy", now + 60_000, "alive");
  const janitor = new Janitor(queue.redis, keys, TYPES, 150);
  const removed: string[] = [];
  await eventually(
    async () => removed.push(...(await janitor.runOnce())),
    (count) => count === 2,
  );
  expect(removed.toSorted()).toEqual(["gone", "silent"]);
  expect(await names()).toEqual(["alive", "busy"]);
  expect((await queue.server.client.zrange(keys.heartbeats, 0, -1)).toSorted()).toEqual(["alive", "busy"]);
  expect(await queue.pending()).toMatchObject({ busy: [expect.any(String)] });
  expect(await janitor.runOnce()).toEqual([]);
});

it("a consumer with a recent poll or a recent heartbeat is not removed", async () => {
  await queue.deliver("polled", 1);
  await queue.server.client.zadd(keys.heartbeats, Date.now() - 120_000, "polled");
  expect(await new Janitor(queue.redis, keys, TYPES, 60_000).runOnce()).toEqual([]);
  await queue.server.client.zadd(keys.heartbeats, Date.now(), "polled");
  const janitor = new Janitor(queue.redis, keys, TYPES, 30_000);
  expect(await janitor.runOnce()).toEqual([]);
});

it("a missing group does not stop the removal", async () => {
  await queue.server.client.del(...keys.queues(TYPE).map(({ stream }) => stream));
  const { group, stream } = keys.queue("ml", "regular");
  await queue.server.client.xgroup("CREATECONSUMER", stream, group, "gone");
  const janitor = new Janitor(queue.redis, keys, TYPES, 20);
  const removed = await eventually(
    () => janitor.runOnce(),
    (found) => found.length > 0,
  );
  expect(removed).toEqual(["gone"]);
});
