import type { Keys, QueueKeys } from "../../keys.ts";
import type { Log } from "../../log.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";

const script = new Script("reconcile");

/** Far longer than a replica can be without Redis and still know what it has accepted. */
const EXPIRY_SECONDS = 604_800;

/**
 * What this replica has answered as accepted, counted beside the count in Redis. Task accounting inside of Redis is exact
 * at every state of Redis, and so cannot see that the state is an older one. This count can: what Redis knows less of was
 * lost.
 */
export class Acceptances {
  /** Hash in which `enqueue.lua` counts the same, by stream. */
  readonly key: string;
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #log: Log;
  readonly #queues: readonly QueueKeys[];
  readonly #accepted = new Map<string, number>();

  /** @param instance id of this life of the main process: what a former one had accepted is not known to this one */
  constructor(redis: RedisClient, keys: Keys, types: readonly string[], instance: string, log: Log) {
    this.#redis = redis;
    this.#keys = keys;
    this.#log = log;
    this.#queues = types.flatMap((type) => keys.queues(type));
    this.key = keys.acceptances(instance);
  }

  /** Counts tasks that Redis has accepted. */
  add(stream: string, count: number): void {
    this.#accepted.set(stream, (this.#accepted.get(stream) ?? 0) + count);
  }

  /**
   * Compares both counts. What is missing in Redis is added to the ledger as lost, once, and to `mcp_tasks_unaccounted` of
   * every replica with it.
   *
   * @returns tasks that were lost since the last time
   */
  async reconcile(): Promise<number> {
    const queues = this.#queues.filter(({ stream }) => this.#accepted.has(stream));
    if (queues.length === 0) return 0;
    const lost = await script.run<number[]>(
      this.#redis,
      [this.key, ...queues.map(({ type }) => this.#keys.ledger(type))],
      [EXPIRY_SECONDS, ...queues.flatMap(({ stream, lane }) => [stream, lane, this.#accepted.get(stream) ?? 0])],
    );
    for (const [at, count] of lost.entries()) {
      const stream = queues[at]?.stream;
      if (count > 0) this.#log.error({ stream, count }, `Redis has lost ${count} accepted tasks of ${stream}`);
    }
    return lost.reduce((sum, count) => sum + count, 0);
  }
}
