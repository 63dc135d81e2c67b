import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { RESULT_BUCKET_MS } from "../../src/queue/record.ts";

/** All keys of the service in a Redis, as readable text. */
export type Keyspace = Readonly<Record<string, StoredKey>>;

type StoredKey = { readonly ttlSeconds?: number } & (
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "hash"; readonly fields: Readonly<Record<string, string>> }
  | { readonly type: "zset"; readonly members: readonly (readonly [score: string, member: string])[] }
  | ({ readonly type: "stream" } & StoredStream)
);

type StoredStream = {
  readonly lastId: string;
  readonly entriesAdded: number;
  readonly maxDeletedId: string;
  readonly entries: readonly (readonly [id: string, fields: readonly string[]])[];
  readonly groups: readonly {
    readonly name: string;
    readonly lastDeliveredId: string;
    readonly entriesRead: number;
    readonly consumers: readonly string[];
    readonly pending: readonly (readonly [id: string, consumer: string, idleMs: number, deliveries: number])[];
  }[];
};

/** The data that the previous release left in Redis, and the state that it reported for each task; see `fixtures/README.md`. */
export type Fixture = {
  readonly capturedAtMs: number;
  /** Kinds by task id. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly keys: Keyspace;
};

const HOUR_MS = 3_600_000;

/**
 * Reads the data of an earlier release. Moves all times, as if the data were captured now, or some time ago.
 *
 * @param schema name of the layout, such as `1.0`
 */
export function readFixture(schema: string, agoMs = 0): Fixture {
  const text = readFileSync(new URL(`../fixtures/schema-${schema}.json`, import.meta.url), "utf8");
  const { capturedAtMs } = JSON.parse(text) as Fixture;
  // A whole number of result hashes, because their keys contain the time.
  const buckets = Math.round((Date.now() - agoMs - capturedAtMs) / RESULT_BUCKET_MS);
  const moved = text
    .replaceAll(/\b\d{13}\b/g, (digits) => {
      const isTime = Math.abs(Number(digits) - capturedAtMs) < 2 * HOUR_MS;
      return isTime ? String(Number(digits) + buckets * RESULT_BUCKET_MS) : digits;
    })
    .replaceAll(/(:results:[^"]*:)(\d+)"/g, (_, key, bucket) => `${key}${Number(bucket) + buckets}"`);
  return JSON.parse(moved) as Fixture;
}

/** Reads all keys. @throws for a type that the service does not use */
export async function readKeyspace(redis: Redis): Promise<Keyspace> {
  const names = (await redis.keys("*")).toSorted();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readKey(redis, name)])));
}

async function readKey(redis: Redis, name: string): Promise<StoredKey> {
  const [type, ttl] = [await redis.type(name), await redis.ttl(name)];
  const expiry = ttl < 0 ? {} : { ttlSeconds: ttl };
  switch (type) {
    case "string":
      return { type, ...expiry, value: (await redis.get(name)) ?? "" };
    case "hash":
      return { type, ...expiry, fields: await redis.hgetall(name) };
    case "zset": {
      const flat = await redis.zrange(name, 0, -1, "WITHSCORES");
      const members = Array.from({ length: flat.length / 2 }, (_, at) => [flat[at * 2 + 1], flat[at * 2]] as const);
      return { type, ...expiry, members: members as [string, string][] };
    }
    case "stream":
      return { type, ...expiry, ...(await readStream(redis, name)) };
    default:
      throw new Error(`${name} is a ${type}`);
  }
}

async function readStream(redis: Redis, name: string): Promise<StoredStream> {
  const info = pairs(await redis.xinfo("STREAM", name));
  const groups = ((await redis.xinfo("GROUPS", name)) as unknown[]).map(pairs);
  return {
    lastId: String(info["last-generated-id"]),
    entriesAdded: Number(info["entries-added"]),
    maxDeletedId: String(info["max-deleted-entry-id"]),
    entries: await redis.xrange(name, "-", "+"),
    groups: await Promise.all(
      groups.map(async (group) => ({
        name: String(group.name),
        lastDeliveredId: String(group["last-delivered-id"]),
        entriesRead: Number(group["entries-read"]),
        consumers: ((await redis.xinfo("CONSUMERS", name, String(group.name))) as unknown[]).map((consumer) =>
          String(pairs(consumer).name),
        ),
        pending: (await redis.xpending(name, String(group.name), "-", "+", 10_000)) as [
          string,
          string,
          number,
          number,
        ][],
      })),
    ),
  };
}

/** Writes all keys to an empty Redis. */
export async function writeKeyspace(redis: Redis, keyspace: Keyspace): Promise<void> {
  for (const [name, key] of Object.entries(keyspace)) {
    if (key.type === "string") await redis.set(name, key.value);
    else if (key.type === "hash") await redis.hset(name, key.fields);
    else if (key.type === "zset") await redis.zadd(name, ...key.members.flat());
    else await writeStream(redis, name, key);
    if (key.ttlSeconds !== undefined) await redis.expire(name, key.ttlSeconds);
  }
}

async function writeStream(redis: Redis, name: string, stream: StoredStream): Promise<void> {
  for (const { name: group } of stream.groups) await redis.xgroup("CREATE", name, group, "0", "MKSTREAM");
  for (const [id, fields] of stream.entries) await redis.xadd(name, id, ...fields);
  const { lastId, entriesAdded, maxDeletedId } = stream;
  await redis.call("XSETID", name, lastId, "ENTRIESADDED", entriesAdded, "MAXDELETEDID", maxDeletedId);
  for (const group of stream.groups) {
    await redis.xgroup("SETID", name, group.name, group.lastDeliveredId, "ENTRIESREAD", group.entriesRead);
    for (const consumer of group.consumers) await redis.xgroup("CREATECONSUMER", name, group.name, consumer);
    for (const [id, consumer, idleMs, deliveries] of group.pending) {
      const state = ["IDLE", String(idleMs), "RETRYCOUNT", String(deliveries), "FORCE", "JUSTID"];
      await redis.call("XCLAIM", name, group.name, consumer, "0", id, ...state);
    }
  }
}

function pairs(flat: unknown): Record<string, unknown> {
  const list = flat as unknown[];
  return Object.fromEntries(
    Array.from({ length: list.length / 2 }, (_, at) => [String(list[at * 2]), list[at * 2 + 1]]),
  );
}
