import { consumerName, type Keys, type QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";

const script = new Script("lease");

/** Entries per script call. */
const PAGE = 500;

/** A worker whose process is known to live. */
export type LiveWorker = { readonly type: string; readonly index: number };

/**
 * Renews the leases of live workers: their pending entries count as touched, so that a long task, or one that keeps the
 * worker's event loop busy, is not taken for an orphan. Run from a process that no handler can block, more often than
 * the orphan idle time.
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
   * One round: a heartbeat for every consumer of these workers, and a fresh idle time for the entries that are idle for
   * at least `minIdleMs`.
   *
   * @returns entries renewed
   */
  async runOnce(workers: readonly LiveWorker[], minIdleMs: number): Promise<number> {
    // All at once: a round is one write and one read of the connection, and not one for every consumer.
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
 * Hands over what a consumer has pending: it counts as idle for `idleMs`, so that orphan recovery takes it at once.
 *
 * @returns entries handed over
 */
export async function releasePending(
  redis: RedisClient,
  keys: Keys,
  queue: QueueKeys,
  consumer: string,
  idleMs: number,
): Promise<number> {
  // Entries that are idle for this long already need nothing; the page bounds what is left of the others.
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
