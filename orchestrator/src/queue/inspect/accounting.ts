import { AccountingChangedError, NotFoundError } from "../../errors.ts";
import type { Keys } from "../../keys.ts";
import type { Lane } from "../../metrics/contract.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import type { QueueSnapshot } from "./snapshot.ts";

const script = new Script("writeOff");

/** Corrects the task accounting of a lane after tasks were lost, or counted twice by out-of-band edits. */
export class TaskAccounting {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #read: () => Promise<QueueSnapshot>;

  constructor(redis: RedisClient, keys: Keys, read: () => Promise<QueueSnapshot>) {
    this.#redis = redis;
    this.#keys = keys;
    this.#read = read;
  }

  /**
   * Writes off all unaccounted tasks of a lane. This does not restore them: the operator submits them again, or accepts
   * the loss.
   *
   * @param count number of unaccounted tasks that the caller saw; negative if tasks were counted twice
   * @throws NotFoundError for an unknown type; AccountingChangedError if the number is different by now
   */
  async writeOff(type: string, lane: Lane, count: number): Promise<void> {
    const found = (await this.#read()).queues.find((queue) => queue.type === type && queue.lane === lane);
    if (found === undefined) throw new NotFoundError("task type", type);
    const { stream, unaccounted, writtenOff } = found;
    if (unaccounted !== count) throw new AccountingChangedError(stream, count, unaccounted);
    const done = await script.run<number>(this.#redis, [this.#keys.ledger(type)], [lane, writtenOff, count]);
    if (done !== 1) throw new AccountingChangedError(stream, count);
  }
}
