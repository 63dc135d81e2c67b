import { BooksChangedError, NotFoundError } from "../../errors.ts";
import type { Keys } from "../../keys.ts";
import type { Lane } from "../../metrics/contract.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import type { QueueSnapshot } from "./snapshot.ts";

const script = new Script("writeOff");

/** Balances the books of a lane after tasks were lost, or counted twice, behind the service's back. */
export class Books {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #read: () => Promise<QueueSnapshot>;

  constructor(redis: RedisClient, keys: Keys, read: () => Promise<QueueSnapshot>) {
    this.#redis = redis;
    this.#keys = keys;
    this.#read = read;
  }

  /**
   * Takes all that is unaccounted for off the books. Nothing becomes of the tasks: whoever calls this has submitted them
   * again, or lets them go.
   *
   * @param count how many that is, as the caller has seen it; negative where tasks were counted twice
   * @throws NotFoundError for a type that there is not; BooksChangedError where the books are off by another number
   */
  async writeOff(type: string, lane: Lane, count: number): Promise<void> {
    const found = (await this.#read()).queues.find((queue) => queue.type === type && queue.lane === lane);
    if (found === undefined) throw new NotFoundError("task type", type);
    const { stream, unaccounted, writtenOff } = found;
    if (unaccounted !== count) throw new BooksChangedError(stream, count, unaccounted);
    const done = await script.run<number>(this.#redis, [this.#keys.ledger(type)], [lane, writtenOff, count]);
    if (done !== 1) throw new BooksChangedError(stream, count);
  }
}
