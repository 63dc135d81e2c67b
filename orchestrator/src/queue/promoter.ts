import type { Keys } from "../keys.ts";
import type { RedisClient } from "../redis/connection.ts";
import { Script } from "../redis/script.ts";

const script = new Script("promote");

/** Tasks per lane and script call: bounds how long Redis is busy with it. */
const BATCH = 100;
/** Script calls per round. */
const MAX_BATCHES = 50;

/** Moves retries and delayed tasks whose time has come into their streams. Any number of replicas may run one. */
export class Promoter {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #types: readonly string[];

  constructor(redis: RedisClient, keys: Keys, types: readonly string[]) {
    this.#redis = redis;
    this.#keys = keys;
    this.#types = types;
  }

  /** One round over all types and lanes. Returns how many tasks it moved. */
  async runOnce(): Promise<number> {
    const queues = this.#types.flatMap((type) => this.#keys.queues(type));
    const scriptKeys = queues.flatMap(({ stream, type, lane }) => [
      this.#keys.delayed(type, lane),
      stream,
      this.#keys.ledger(type),
    ]);
    const args = [this.#keys.taskPrefix, BATCH, ...queues.map(({ lane }) => lane)];
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const moved = await script.run<number[]>(this.#redis, scriptKeys, args);
      for (const count of moved) total += count;
      if (moved.every((count) => count < BATCH)) break;
    }
    return total;
  }
}
