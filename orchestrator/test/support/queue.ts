import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Lane } from "../../src/metrics/contract.ts";
import { createCompletion } from "../../src/queue/complete/completion.ts";
import { ensureGroup } from "../../src/queue/groups.ts";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Promoter } from "../../src/queue/recover/promoter.ts";
import { Recovery } from "../../src/queue/recover/recovery.ts";
import type { TaskRequest } from "../../src/queue/task.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRelease } from "./redisServer.ts";
import { createSubmission, keys, TYPE } from "./worker.ts";

/** A second type, which must not be affected by tests of the first. */
export const OTHER_TYPE = "ml";
export const TYPES = [TYPE, OTHER_TYPE] as const;

/** Start of the current test. */
let startedAtMs = 0;

/** True for a time (epoch ms, clock of Redis) since the start of the current test. */
export function isNow(ms: number | undefined): boolean {
  return ms !== undefined && ms >= startedAtMs && ms <= Date.now();
}

/** True for a time to live that was set to `seconds` since the start of the current test. */
export function isFresh(ttl: number | undefined, seconds: number): boolean {
  return ttl !== undefined && ttl <= seconds && ttl >= seconds - Math.ceil((Date.now() - startedAtMs) / 1_000) - 1;
}

/** A queue on a real server, with the operations of the service as single steps, without a worker. */
export type QueueUnderTest = {
  readonly server: RedisServer;
  readonly redis: RedisClient;
  readonly lookup: TaskLookup;
  readonly letters: DeadLetters;
  /** Submits tasks to the lane under test. @returns their task ids */
  submit(count: number, fields?: Partial<TaskRequest>): Promise<string[]>;
  /** Adds an entry with this id, like a submission. */
  add(entryId: string, fields?: Readonly<Record<string, string>>): Promise<string>;
  /** Delivers new entries to a consumer. @returns their ids */
  deliver(consumer: string, count?: number, lane?: Lane): Promise<string[]>;
  /** Lets another consumer claim an entry. */
  steal(entryId: string, consumer: string): Promise<void>;
  /** The function that finishes a batch of a consumer. */
  completion(
    consumer: string,
    settings?: { resultTtlSeconds?: number; expectedPending?: number; redis?: RedisClient },
  ): ReturnType<typeof createCompletion>;
  recovery(consumer: string): Recovery;
  /** Runs one round of promotion over all types. */
  promote(): ReturnType<Promoter["runOnce"]>;
  /** Ids of pending entries, by consumer. */
  pending(): Promise<Record<string, string[]>>;
  ledger(type?: string): Promise<Record<string, string>>;
  /** Unaccounted tasks of both lanes of the type under test, express first. */
  balance(): Promise<number[]>;
  /** Keys with their time to live in seconds; -1 for keys without expiry. */
  expiries(): Promise<Record<string, number>>;
};

/** Starts a server for the tests of a file and empties it before each of them. @param program redis-server to start */
export function useQueue(program?: string): QueueUnderTest {
  let server: RedisServer;
  let redis: RedisClient;
  const queue = keys.queue(TYPE, "regular");
  beforeAll(async () => {
    server = await startRelease(program);
    redis = createRedis(server.settings(), "commands", "test");
  });
  beforeEach(async () => {
    startedAtMs = Date.now();
    await server.client.flushall();
    for (const type of TYPES) for (const each of keys.queues(type)) await ensureGroup(redis, each);
  });
  afterAll(async () => {
    redis?.disconnect();
    await server?.[Symbol.asyncDispose]();
  });
  return {
    get server() {
      return server;
    },
    get redis() {
      return redis;
    },
    get lookup() {
      return new TaskLookup(redis, keys, TYPES);
    },
    get letters() {
      return new DeadLetters(redis, keys, TYPES);
    },
    async submit(count, fields) {
      const tasks = Array.from({ length: count }, (_, at) => {
        return { type: TYPE, priority: 1, payloadJson: `{"at":${at}}`, ...fields };
      });
      return (await createSubmission(redis, { types: TYPES }).submit(tasks)).map(({ taskId }) => taskId);
    },
    async add(entryId, fields = {}) {
      const all = { payload: "1", priority: "1", type: TYPE, timestamp: new Date().toISOString(), ...fields };
      return (await server.client.xadd(queue.stream, entryId, ...Object.entries(all).flat())) ?? "";
    },
    async deliver(consumer, count = 1_000, lane = "regular") {
      const { group, stream } = keys.queue(TYPE, lane);
      const args = ["GROUP", group, consumer, "COUNT", String(count), "STREAMS", stream, ">"];
      const reply = (await server.client.call("XREADGROUP", args)) as [string, [string, string[]][]][] | null;
      return (reply?.[0]?.[1] ?? []).map(([id]) => id);
    },
    async steal(entryId, consumer) {
      await server.client.call("XCLAIM", queue.stream, queue.group, consumer, "0", entryId, "JUSTID");
    },
    completion: (consumer, settings = {}) =>
      createCompletion({ redis, keys, queue, consumer, resultTtlSeconds: 600, expectedPending: 1_000, ...settings }),
    recovery: (consumer) => new Recovery(redis, keys, queue, consumer, `${TYPE}.regular.`),
    promote: () => new Promoter(redis, keys, TYPES).runOnce(),
    async pending() {
      const rows = (await server.client.xpending(queue.stream, queue.group, "-", "+", 10_000)) as [string, string][];
      const byConsumer = Map.groupBy(rows, ([, consumer]) => consumer);
      return Object.fromEntries([...byConsumer].map(([consumer, own]) => [consumer, own.map(([id]) => id)]));
    },
    ledger: (type = TYPE) => server.client.hgetall(keys.ledger(type)),
    async balance() {
      const { queues } = await readSnapshot(redis, keys, [TYPE], 0);
      return queues.map(({ unaccounted }) => unaccounted);
    },
    async expiries() {
      const names = await server.client.keys("*");
      const ttls = await Promise.all(names.toSorted().map(async (name) => [name, await server.client.ttl(name)]));
      return Object.fromEntries(ttls);
    },
  };
}
