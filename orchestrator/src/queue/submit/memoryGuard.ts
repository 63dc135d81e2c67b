import type { RedisClient } from "../../redis/connection.ts";
import { parseInfo } from "../../redis/info.ts";
import { serverStateOf } from "../../redis/serverState.ts";

/** Age limit of a reading. */
const FRESH_MS = 500;

/**
 * Checks whether Redis uses more than a share of its maxmemory. Reads INFO at most twice a second; at maxmemory, Redis
 * itself rejects the submission. For the same reason a failed reading does not close intake
 * (docs/adr/what-a-failed-dependency-does-to-intake.md).
 */
export class MemoryGuard {
  readonly #redis: RedisClient;
  readonly #ceiling: number;
  readonly #now: () => number;
  readonly #onFailure: (error: unknown) => void;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> | undefined;
  #exceeded = false;

  /**
   * @param ceiling share of maxmemory, 0 to 1
   * @param now monotonic clock in ms
   * @param onFailure called with the error of each failed reading
   */
  constructor(
    redis: RedisClient,
    ceiling: number,
    now: () => number,
    onFailure: (error: unknown) => void = () => undefined,
  ) {
    this.#redis = redis;
    this.#ceiling = ceiling;
    this.#now = now;
    this.#onFailure = onFailure;
  }

  /** True while used memory is over the ceiling. False if maxmemory is not set, or cannot be read. */
  async exceeded(): Promise<boolean> {
    if (this.#now() - this.#readAtMs < FRESH_MS) return this.#exceeded;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return await this.#reading;
  }

  async #read(): Promise<boolean> {
    try {
      const { usedBytes, maxBytes } = serverStateOf(parseInfo(await this.#redis.info("memory"))).memory;
      this.#exceeded = maxBytes > 0 && usedBytes / maxBytes > this.#ceiling;
    } catch (error) {
      this.#exceeded = false;
      this.#onFailure(error);
    }
    this.#readAtMs = this.#now();
    return this.#exceeded;
  }
}
