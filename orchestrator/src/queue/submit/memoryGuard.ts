import type { RedisClient } from "../../redis/connection.ts";
import { parseServerState } from "../../redis/serverState.ts";

/** How long a reading holds. */
const FRESH_MS = 500;

/**
 * Says whether Redis holds more than its share of memory. Reads INFO at most twice a second, however many ask: the last
 * stretch up to maxmemory is guarded by Redis itself, which refuses the submission. A guard that cannot read does not
 * close intake: Redis still does (docs/adr/what-a-failed-dependency-does-to-intake.md).
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
   * @param onFailure receives the error of every reading that failed
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

  /** True while used memory is over the ceiling. False where maxmemory is not set, and where it cannot be read. */
  async exceeded(): Promise<boolean> {
    if (this.#now() - this.#readAtMs < FRESH_MS) return this.#exceeded;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return await this.#reading;
  }

  async #read(): Promise<boolean> {
    try {
      const { usedBytes, maxBytes } = parseServerState(await this.#redis.info("memory")).memory;
      this.#exceeded = maxBytes > 0 && usedBytes / maxBytes > this.#ceiling;
    } catch (error) {
      this.#exceeded = false;
      this.#onFailure(error);
    }
    this.#readAtMs = this.#now();
    return this.#exceeded;
  }
}
