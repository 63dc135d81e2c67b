import type { Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";

const script = new Script("janitor");
const renewScript = new Script("renewDeadLetterRecords");

/** Dead letters whose records are renewed in one round: a few ms of Redis' time. */
const LETTERS_PER_ROUND = 500;
/** Far longer than a walk through all dead letters takes; `complete.lua` gives it to a new record. */
export const DEAD_LETTER_RECORD_TTL_SECONDS = 604_800;

/**
 * Removes the consumers of replicas and workers that are gone, once nothing is pending for them, and keeps the records of
 * dead letters alive as long as the letters are there.
 */
export class Janitor {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #types: readonly string[];
  readonly #goneAfterMs: number;
  #nextLetter = "-";

  /** @param goneAfterMs without a poll and without a heartbeat for this long, a consumer is gone */
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
    this.#nextLetter = await renewScript.run<string>(
      this.#redis,
      [this.#keys.deadLetters],
      [this.#keys.taskPrefix, this.#nextLetter, LETTERS_PER_ROUND, DEAD_LETTER_RECORD_TTL_SECONDS],
    );
    return removed.flat();
  }
}
