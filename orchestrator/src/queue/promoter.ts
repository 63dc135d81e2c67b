import type { Keys } from "../keys.ts";
import { LANES } from "../metrics/contract.ts";
import type { RedisClient } from "../redis/connection.ts";
import { Script } from "../redis/script.ts";

const script = new Script("promote");

/** Tasks per script call: bounds how long Redis is busy with it. */
const BATCH = 100;
/** Script calls per lane and round. */
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
    const moved = await Promise.all(this.#types.flatMap((type) => LANES.map((lane) => this.#promote(type, lane))));
    return moved.reduce((sum, count) => sum + count, 0);
  }

  async #promote(type: string, lane: (typeof LANES)[number]): Promise<number> {
    const { stream } = this.#keys.queue(type, lane);
    const scriptKeys = [this.#keys.delayed(type, lane), stream, this.#keys.ledger(type)];
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const moved = await script.run<number>(this.#redis, scriptKeys, [this.#keys.taskPrefix, lane, BATCH]);
      total += moved;
      if (moved < BATCH) break;
    }
    return total;
  }
}
