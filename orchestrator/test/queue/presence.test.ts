import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { pino } from "pino";
import { afterEach, expect, it, vi } from "vitest";
import { Presence, type PresenceDeps } from "../../src/queue/recover/presence.ts";
import { createIdentity, type Identity } from "../../src/queue/recover/processIdentity.ts";
import { useRedis } from "../support/redisServer.ts";
import { keys, TYPE } from "../support/worker.ts";

const { server, redis } = await useRedis();

afterEach(() => vi.restoreAllMocks());

const { stream, group } = keys.queue(TYPE, "regular");
const IDLE_MS = 60_000;
/** A process on another host, or in another container. */
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
    onReleased: () => undefined,
    log: pino({ level: "silent" }),
    ...deps,
  });
}

/** Reads entries with a consumer of this process. */
async function reads(identity: Identity, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await server.client.xadd(stream, "*", "task_id", `t${n}`, "payload", "1");
  await server.client.xgroup("CREATE", stream, group, "0", "MKSTREAM").catch(() => undefined);
  const consumer = `regular_${TYPE}_0_${identity.id}`;
  await server.client.xreadgroup("GROUP", group, consumer, "COUNT", count, "STREAMS", stream, ">");
}
/** Runs a round in a later millisecond than all before: rounds in the same one report the same. */
async function reportsAgain(replica: Presence): Promise<void> {
  const nowMs = async () => {
    const [seconds = 0, micros = 0] = await server.client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  };
  const beforeMs = await nowMs();
  await eventually(nowMs, (ms) => ms > beforeMs);
  await replica.runOnce();
}
const orphans = async () =>
  ((await server.client.xpending(stream, group, "IDLE", IDLE_MS, "-", "+", 10_000)) as unknown[]).length;

it("entries of a replica with the same name on another host are released after four silent rounds", async () => {
  const former = elsewhere("mine");
  await presence(former).runOnce();
  await reads(former, 1_200);
  let calls = 0;
  const current = presence(createIdentity("mine"), { onReleased: () => calls++ });
  for (let round = 0; round < 4; round++) await current.runOnce();
  expect(await orphans()).toBe(0);
  expect([...current.sameName]).toEqual([former.id]);
  await current.runOnce();
  expect(await orphans()).toBe(1_200);
  expect(calls).toBe(1);
  expect([...current.sameName]).toEqual([]);
  const rows = (await server.client.xpending(stream, group, "-", "+", 10)) as unknown[][];
  // The delivery counts are unchanged, because a release is not an attempt.
  expect(rows.every(([, , , deliveries]) => deliveries === 1)).toBe(true);
});

it("a present replica with the same name keeps its entries, even after faults of Redis", async () => {
  const identity = elsewhere("mine");
  const twin = presence(identity);
  const current = presence(createIdentity("mine"));
  await twin.runOnce();
  await reads(identity, 3);
  for (let round = 0; round < 10; round++) {
    await current.runOnce();
    // Not in every round.
    if (round % 3 === 0) await reportsAgain(twin);
  }
  expect(current.sameName.size).toBe(1);
  expect(await orphans()).toBe(0);
});

it("a replica reports that it is present over the memory limit of Redis too", async () => {
  await server.client.config("SET", "maxmemory", "1mb");
  try {
    await presence(elsewhere("mine")).runOnce();
  } finally {
    await server.client.config("SET", "maxmemory", "0");
  }
  expect(await server.client.hlen(keys.instances)).toBe(1);
});

it("a running process on this host with the same name keeps its entries even if it is silent", async () => {
  const silent = createIdentity("mine");
  await presence(silent).runOnce();
  await reads(silent, 3);
  const current = presence(createIdentity("mine"));
  for (let round = 0; round < 10; round++) await current.runOnce();
  expect(await orphans()).toBe(0);
});

it("entries of an ended process on this host are released in the first round, for any name", async () => {
  const own = createIdentity("x");
  const gone: Identity = { ...own, id: "other.0", evidence: own.evidence && { ...own.evidence, startedAt: "1" } };
  await presence(gone).runOnce();
  await reads(gone, 3);
  await presence(createIdentity("mine")).runOnce();
  expect(await orphans()).toBe(3);
  expect(Object.keys(await server.client.hgetall(keys.instances))).toHaveLength(1);
});

it("a process on this host that cannot be seen keeps its entries, until it is an ended one", async () => {
  // No process has this id. The error distinguishes a hidden one from an ended one.
  const own = createIdentity("x");
  const unseen: Identity = { ...own, id: "other.0", evidence: own.evidence && { ...own.evidence, pid: 2 ** 22 + 1 } };
  await presence(unseen).runOnce();
  await reads(unseen, 3);
  const current = presence(createIdentity("mine"));
  const kill = vi.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("not permitted"), { code: "EPERM" });
  });
  for (let round = 0; round < 10; round++) await current.runOnce();
  expect(await orphans()).toBe(0);
  kill.mockRestore();
  await current.runOnce();
  expect(await orphans()).toBe(3);
});

it("the last entry of an ended process is released; its idle consumers and heartbeats are removed, others stay", async () => {
  const own = createIdentity("x");
  const gone: Identity = { ...own, id: "other.0", evidence: own.evidence && { ...own.evidence, startedAt: "1" } };
  await presence(gone).runOnce();
  await reads(gone, 1);
  const idle = `regular_${TYPE}_1_${gone.id}`;
  const others = `regular_${TYPE}_0_another.0`;
  for (const consumer of [idle, others]) await server.client.xgroup("CREATECONSUMER", stream, group, consumer);
  for (const consumer of [idle, others]) await server.client.zadd(keys.heartbeats, Date.now(), consumer);
  await presence(createIdentity("mine")).runOnce();
  expect(await orphans()).toBe(1);
  const consumers = (await server.client.xinfo("CONSUMERS", stream, group)) as string[][];
  expect(consumers.map(([, name]) => name)).toEqual([others, `regular_${TYPE}_0_${gone.id}`]);
  expect(await server.client.zrange(keys.heartbeats, 0, -1)).toEqual([others]);
});

it("an ended process without entries is removed, and reported as nothing to claim", async () => {
  const own = createIdentity("x");
  const gone: Identity = { ...own, id: "other.0", evidence: own.evidence && { ...own.evidence, startedAt: "1" } };
  await presence(gone).runOnce();
  await reads(gone, 1);
  await server.client.xgroup("DELCONSUMER", stream, group, `regular_${TYPE}_0_${gone.id}`);
  let calls = 0;
  await presence(createIdentity("mine"), { onReleased: () => calls++ }).runOnce();
  expect(calls).toBe(0);
  expect(await server.client.hexists(keys.instances, gone.id)).toBe(0);
});

it("a replica with another name on another host is left to orphan recovery, and removed later", async () => {
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

it("a type is served while a replica with this type is present", async () => {
  const other = presence(createIdentity("other"), { types: ["theirs"] });
  const current = presence(createIdentity("mine"));
  await other.runOnce();
  await current.runOnce();
  expect(current.types).toEqual([TYPE, "theirs"]);
  expect([TYPE, "theirs", "unknown"].map((type) => current.serves(type))).toEqual([true, true, false]);
  // Its name is its own.
  expect([...current.sameName]).toEqual([]);
  await other.leave();
  await current.runOnce();
  expect(current.types).toEqual([TYPE, "theirs"]);
  expect(current.serves("theirs")).toBe(false);
});
