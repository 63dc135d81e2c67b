import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Presence, type PresenceDeps } from "../../src/queue/recover/presence.ts";
import { createIdentity, type Identity } from "../../src/queue/recover/processIdentity.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { keys, TYPE } from "../support/worker.ts";

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

const { stream, group } = keys.queue(TYPE, "regular");
const IDLE_MS = 60_000;
/** A process of another host, or of another container. */
const elsewhere = (name: string): Identity => ({
  ...createIdentity(name),
  evidence: { boot: "another", namespace: "pid:[1]", pid: 1, startedAt: "1" },
});

function presence(identity: Identity, deps: Partial<PresenceDeps> = {}): Presence {
  return new Presence({
    redis,
    keys,
    identity,
    types: [TYPE],
    orphanMinIdleMs: IDLE_MS,
    forgetAfterMs: 1_000_000,
    now: () => performance.now(),
    onHandedOver: () => undefined,
    log: pino({ level: "silent" }),
    ...deps,
  });
}

/** Has a consumer of this life read some entries. */
async function reads(identity: Identity, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await server.client.xadd(stream, "*", "task_id", `t${n}`, "payload", "1");
  await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM").catch(() => undefined);
  const consumer = `regular_${TYPE}_0_${identity.id}`;
  await server.client.xreadgroup("GROUP", group, consumer, "COUNT", count, "STREAMS", stream, ">");
}
const orphans = async () =>
  ((await server.client.xpending(stream, group, "IDLE", IDLE_MS, "-", "+", 10_000)) as unknown[]).length;

it("entries of a namesake elsewhere are handed over when it has been silent for four rounds, and not before", async () => {
  const former = elsewhere("mine");
  await presence(former).runOnce();
  await reads(former, 1_200);
  let calls = 0;
  const current = presence(createIdentity("mine"), { onHandedOver: () => calls++ });
  for (let round = 0; round < 4; round++) await current.runOnce();
  expect(await orphans()).toBe(0);
  expect([...current.namesakes]).toEqual([former.id]);
  await current.runOnce();
  expect(await orphans()).toBe(1_200);
  expect(calls).toBe(1);
  expect([...current.namesakes]).toEqual([]);
  const rows = (await server.client.xpending(stream, group, "-", "+", 10)) as unknown[][];
  // As often delivered as before: a hand-over is not a try.
  expect(rows.every(([, , , deliveries]) => deliveries === 1)).toBe(true);
});

it("a namesake that is there keeps its entries, whatever Redis has been through", async () => {
  const twin = presence(elsewhere("mine"));
  const current = presence(createIdentity("mine"));
  await twin.runOnce();
  for (let round = 0; round < 10; round++) {
    await current.runOnce();
    // Not even every time.
    if (round % 3 === 0) await twin.runOnce();
  }
  expect(current.namesakes.size).toBe(1);
});

it("a namesake in another process of this host keeps its entries even when it is silent", async () => {
  const silent = createIdentity("mine");
  await presence(silent).runOnce();
  await reads(silent, 3);
  const current = presence(createIdentity("mine"));
  for (let round = 0; round < 10; round++) await current.runOnce();
  expect(await orphans()).toBe(0);
});

it("entries of a process of this host that has ended are handed over in the first round, whatever its name", async () => {
  const own = createIdentity("x");
  const gone: Identity = { ...own, id: "other.0", evidence: own.evidence && { ...own.evidence, startedAt: "1" } };
  await presence(gone).runOnce();
  await reads(gone, 3);
  await presence(createIdentity("mine")).runOnce();
  expect(await orphans()).toBe(3);
  expect(Object.keys(await server.client.hgetall(keys.instances))).toHaveLength(1);
});

it("a replica of another name elsewhere is left to orphan recovery, and forgotten in the end", async () => {
  const other = elsewhere("other");
  await presence(other).runOnce();
  await reads(other, 3);
  let nowMs = 0;
  const current = presence(createIdentity("mine"), { now: () => nowMs, forgetAfterMs: 1_000 });
  for (; nowMs <= 1_000; nowMs += 100) await current.runOnce();
  expect(await orphans()).toBe(0);
  await current.runOnce();
  expect(await orphans()).toBe(3);
  expect(await server.client.hlen(keys.instances)).toBe(1);
});

it("a type is served while a replica that has it is there", async () => {
  const other = presence(createIdentity("other"), { types: ["theirs"] });
  const current = presence(createIdentity("mine"));
  await other.runOnce();
  await current.runOnce();
  expect(current.types).toEqual([TYPE, "theirs"]);
  expect([TYPE, "theirs", "unknown"].map((type) => current.serves(type))).toEqual([true, true, false]);
  await other.leave();
  await current.runOnce();
  expect(current.types).toEqual([TYPE, "theirs"]);
  expect(current.serves("theirs")).toBe(false);
});
