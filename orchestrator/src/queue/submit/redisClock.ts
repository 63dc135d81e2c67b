/** After this time any sample replaces a more exact one, because clocks drift apart. */
const MAX_AGE_MS = 60_000;
/** Redis reports its time in whole milliseconds. */
const HALF_TICK_MS = 0.5;

/**
 * Estimates the time of Redis from the monotonic clock of this process. A duration from here to a worker, perhaps on
 * another machine, is exact only if both ends are times of Redis. The estimate comes from replies that contain the time of
 * Redis; its uncertainty is half of the round trip, so the fastest reply is the best sample.
 */
export class RedisClock {
  #offsetMs: number | undefined;
  #uncertaintyMs = 0;
  #sampledAtMs = 0;

  /**
   * Adds a sample from one round trip.
   *
   * @param sentMs monotonic, like `answeredMs`
   * @param redisMs time of Redis in the reply, epoch ms
   */
  observe(sentMs: number, answeredMs: number, redisMs: number): void {
    const uncertaintyMs = (answeredMs - sentMs) / 2 + HALF_TICK_MS;
    const offsetMs = redisMs + HALF_TICK_MS - (sentMs + answeredMs) / 2;
    // The samples exclude each other: another server answers now, or its clock was set.
    const contradicted =
      this.#offsetMs !== undefined && Math.abs(offsetMs - this.#offsetMs) > uncertaintyMs + this.#uncertaintyMs;
    const better = this.#offsetMs === undefined || uncertaintyMs <= this.#uncertaintyMs;
    if (!better && !contradicted && answeredMs - this.#sampledAtMs < MAX_AGE_MS) return;
    this.#offsetMs = offsetMs;
    this.#uncertaintyMs = uncertaintyMs;
    this.#sampledAtMs = answeredMs;
  }

  /** Converts a monotonic time of this process to the time of Redis, epoch ms; undefined before the first reply. */
  read(monotonicMs: number): number | undefined {
    return this.#offsetMs === undefined ? undefined : monotonicMs + this.#offsetMs;
  }
}
