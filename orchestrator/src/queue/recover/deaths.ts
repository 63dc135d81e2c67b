import { consumerName, type Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import type { LiveWorker } from "./leases.ts";

const script = new Script("death");

/**
 * Counts the deaths of worker processes towards the entries that they may have been running. Only a process that saw the
 * worker die may do so, before it starts another one under the same name: a drained worker, or one that ended with its
 * main process, says nothing about its tasks.
 */
export class Deaths {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #instance: string;

  constructor(redis: RedisClient, keys: Keys, instance: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#instance = instance;
  }

  /**
   * Counts one death.
   *
   * @returns entries that it may have been running
   * @throws when Redis does not answer: the death is not counted then
   */
  async count({ type, index }: LiveWorker): Promise<number> {
    const counts = await Promise.all(
      this.#keys.queues(type).map((queue) => {
        const consumer = consumerName(type, queue.lane, index, this.#instance);
        return script.run<number>(this.#redis, [queue.stream], [queue.group, consumer]);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}
