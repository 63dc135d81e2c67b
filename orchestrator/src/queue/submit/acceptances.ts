import type { Keys, QueueKeys } from "../../keys.ts";
import type { Log } from "../../log.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";

const script = new Script("reconcile");

/** Far longer than a replica keeps running without Redis. */
const EXPIRY_SECONDS = 604_800;

/**
 * Counts the tasks that this replica has accepted, independently of Redis. Task accounting in Redis is consistent in every
 * state, so it cannot detect that Redis went back to an older state. This count can: if Redis has counted fewer, the
 * difference was lost.
 */
export class Acceptances {
  /** The hash in which `enqueue.lua` counts the same per stream. */
  readonly key: string;
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #log: Log;
  readonly #queues: readonly QueueKeys[];
  readonly #accepted = new Map<string, number>();

  /** @param instance id of this main process; a restarted process starts a new count */
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
   * Compares both counts. Adds each task that is missing in Redis to the ledger once, as lost; every replica then reports
   * it in `mcp_tasks_unaccounted`.
   *
   * @returns the number of tasks lost since the last call
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
