import { consumerName, type Keys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import type { LiveWorker } from "./leases.ts";

const script = new Script("death");

/**
 * Counts the death of a worker process for each entry that it may have been running. Only the main process that saw the
 * worker die does so, before it starts the next worker of the same name. The end of a drained worker, or of one that
 * ends with its main process, does not count.
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
   * @returns the number of entries that the worker may have been running
   * @throws if Redis does not answer; the death is then not counted
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
