/** What a worker needs to know of the configuration. */
export type RunnerSettings = {
  /** Tasks at a time, both lanes together. */
  readonly concurrency: number;
  /** A poll of an empty queue waits this long in Redis. */
  readonly blockMs: number;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly taskTimeoutMs: number;
  readonly maxAttempts: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  /** 0 keeps no results. */
  readonly resultTtlSeconds: number;
  readonly maxResultBytes: number;
  readonly ackBackoffMs: number;
  readonly orphanRecoveryIntervalMs: number;
  readonly orphanMinIdleMs: number;
  /** Deaths of its worker from which an entry is poison. */
  readonly deathLimit: number;
};
