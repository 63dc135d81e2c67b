import type { Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { DEAD_LETTER_RECORD_TTL_SECONDS } from "../record.ts";

const script = new Script("janitor");
const renewScript = new Script("renewDeadLetterRecords");

/** Records renewed per round. Takes a few ms in Redis. */
const LETTERS_PER_ROUND = 500;

/**
 * Removes consumers of replicas and workers that are gone, once they have no pending entries. Renews the records of dead
 * letters, so that a record lives as long as its dead letter.
 */
export class Janitor {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #types: readonly string[];
  readonly #goneAfterMs: number;
  #nextLetter = "-";

  /** @param goneAfterMs a consumer is gone after this long without a poll and without a heartbeat */
  constructor(redis: RedisClient, keys: Keys, types: readonly string[], goneAfterMs: number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#types = types;
    this.#goneAfterMs = goneAfterMs;
  }

  /** Runs one round over all queues. Returns the names of the removed consumers. */
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
