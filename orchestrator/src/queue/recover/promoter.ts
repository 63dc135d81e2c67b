import type { Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";

const script = new Script("promote");

/** Tasks per lane and script call. Bounds how long a call blocks Redis. */
const BATCH = 100;
/** Script calls per round. */
const MAX_BATCHES = 50;

/** The result of a round. */
export type PromotionRound = {
  readonly moved: number;
  /** Time until the next task is due; undefined if none is delayed. */
  readonly nextDueMs: number | undefined;
  /** The queues whose promotion failed, with the error. */
  readonly failures: readonly { readonly queue: string; readonly error: string }[];
};

/** Moves delayed tasks and retries that are due into their streams. Every replica may run one. */
export class Promoter {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #types: readonly string[];

  constructor(redis: RedisClient, keys: Keys, types: readonly string[]) {
    this.#redis = redis;
    this.#keys = keys;
    this.#types = types;
  }

  /** Runs one round over all types and lanes. */
  async runOnce(): Promise<PromotionRound> {
    const queues = this.#types.flatMap((type) => this.#keys.queues(type));
    const scriptKeys = queues.flatMap(({ stream, type, lane }) => [
      this.#keys.delayed(type, lane),
      stream,
      this.#keys.ledger(type),
    ]);
    const args = [this.#keys.taskPrefix, BATCH, ...queues.map(({ lane }) => lane)];
    let total = 0;
    let nextMs = -1;
    let failures: PromotionRound["failures"] = [];
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const [next, ...moved] = await script.run<[number, ...(number | string)[]]>(this.#redis, scriptKeys, args);
      nextMs = next;
      failures = moved.flatMap((result, at) =>
        typeof result === "string" ? [{ queue: queues[at]?.stream ?? "", error: result }] : [],
      );
      const counts = moved.filter((result) => typeof result === "number");
      for (const count of counts) total += count;
      if (counts.every((count) => count < BATCH)) break;
    }
    return { moved: total, nextDueMs: nextMs < 0 ? undefined : nextMs, failures };
  }
}
