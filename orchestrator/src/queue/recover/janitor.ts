import type { Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";

const script = new Script("janitor");

/** Removes the consumers of replicas and workers that are gone, once nothing is pending for them. */
export class Janitor {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #types: readonly string[];
  readonly #goneAfterMs: number;

  /** @param goneAfterMs without a poll and without a heartbeat for so long, a consumer is gone */
  constructor(redis: RedisClient, keys: Keys, types: readonly string[], goneAfterMs: number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#types = types;
    this.#goneAfterMs = goneAfterMs;
  }

  /** One round over all queues. Returns the names that it removed. */
  async runOnce(): Promise<string[]> {
    const queues = this.#types.flatMap((type) => this.#keys.queues(type));
    const removed = await Promise.all(
      queues.map(({ stream, group }) =>
        script.run<string[]>(
          this.#redis,
          [stream, this.#keys.heartbeats],
          [group, this.#goneAfterMs, this.#goneAfterMs],
        ),
      ),
    );
    return removed.flat();
  }
}
