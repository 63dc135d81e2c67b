/** The part of the configuration that a worker uses. */
export type RunnerSettings = {
  /** Tasks that run at the same time, both lanes together. */
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
  /** An entry is poison after this many crashes of its worker. */
  readonly deathLimit: number;
};
