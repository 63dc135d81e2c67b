import { consumerName, type Keys, type QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";

const script = new Script("lease");

/** Entries per script call. */
const PAGE = 500;

/** A worker whose process is alive. */
export type LiveWorker = { readonly type: string; readonly index: number };

/**
 * Renews the leases of live workers by resetting the idle time of their pending entries. Otherwise orphan recovery would
 * claim a long task, or one that blocks the event loop of its worker. Runs in a process that no handler can block, more
 * often than the orphan idle time.
 */
export class Leases {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #instance: string;

  constructor(redis: RedisClient, keys: Keys, instance: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#instance = instance;
  }

  /**
   * Runs one round: sends a heartbeat for each consumer of these workers, and resets the idle time of entries that are
   * idle for at least `minIdleMs`.
   *
   * @returns the number of renewed entries
   */
  async runOnce(workers: readonly LiveWorker[], minIdleMs: number): Promise<number> {
    // In parallel, so that the connection sends all commands of a round in one write.
    const renewals = workers.flatMap(({ type, index }) =>
      this.#keys.queues(type).map((queue) => {
        const consumer = consumerName(type, queue.lane, index, this.#instance);
        return this.#renew(queue, consumer, Math.max(1, minIdleMs));
      }),
    );
    const renewed = await Promise.all(renewals);
    return renewed.reduce((sum, count) => sum + count, 0);
  }

  async #renew(queue: QueueKeys, consumer: string, minIdleMs: number): Promise<number> {
    let renewed = 0;
    let page: number;
    do {
      page = await setIdle(this.#redis, this.#keys, queue, consumer, minIdleMs, 0, true);
      renewed += page;
    } while (page === PAGE);
    return renewed;
  }
}

/**
 * Releases the pending entries of a consumer: sets their idle time to `idleMs`, so that orphan recovery claims them at
 * once.
 *
 * @returns the number of released entries
 */
export async function releasePending(
  redis: RedisClient,
  keys: Keys,
  queue: QueueKeys,
  consumer: string,
  idleMs: number,
): Promise<number> {
  // One page is enough: entries that are already idle for this long need no change, and few others are left.
  return await setIdle(redis, keys, queue, consumer, 0, idleMs, false);
}

async function setIdle(
  redis: RedisClient,
  keys: Keys,
  queue: QueueKeys,
  consumer: string,
  minIdleMs: number,
  idleMs: number,
  alive: boolean,
): Promise<number> {
  const args = [queue.group, consumer, minIdleMs, idleMs, PAGE, alive ? "1" : "0"];
  return await script.run<number>(redis, [queue.stream, keys.heartbeats], args);
}
