/** A sample is taken over from an earlier, better one after this: two clocks drift apart. */
const MAX_AGE_MS = 60_000;
/** Redis tells its time in whole milliseconds. */
const HALF_TICK_MS = 0.5;

/**
 * What the clock of Redis shows, in terms of this process's own. What is measured from here to a worker, perhaps on
 * another machine, has one clock only where both ends are read from Redis. Learned from replies that hold its time: the
 * answer that took least is the most exact, by half of what it took.
 */
export class RedisClock {
  #offsetMs: number | undefined;
  #uncertaintyMs = 0;
  #learnedMs = 0;

  /**
   * Learns from one round trip.
   *
   * @param sentMs monotonic, like `answeredMs`
   * @param redisMs time of Redis in between, epoch ms
   */
  observe(sentMs: number, answeredMs: number, redisMs: number): void {
    const uncertaintyMs = (answeredMs - sentMs) / 2 + HALF_TICK_MS;
    const offsetMs = redisMs + HALF_TICK_MS - (sentMs + answeredMs) / 2;
    // Both cannot be right: another server answers now, or its clock was set.
    const contradicted =
      this.#offsetMs !== undefined && Math.abs(offsetMs - this.#offsetMs) > uncertaintyMs + this.#uncertaintyMs;
    const better = this.#offsetMs === undefined || uncertaintyMs <= this.#uncertaintyMs;
    if (!better && !contradicted && answeredMs - this.#learnedMs < MAX_AGE_MS) return;
    this.#offsetMs = offsetMs;
    this.#uncertaintyMs = uncertaintyMs;
    this.#learnedMs = answeredMs;
  }

  /** Time of Redis at a moment of this process, epoch ms; undefined before the first reply. */
  read(monotonicMs: number): number | undefined {
    return this.#offsetMs === undefined ? undefined : monotonicMs + this.#offsetMs;
  }
}
