import { setTimeout as pause } from "node:timers/promises";

/** What was awaited did not come true in time; says what was seen last. */
export class UntilTimeoutError extends Error {
  readonly code = "UNTIL_TIMEOUT";
  readonly subject: string;

  constructor(what: string, timeoutMs: number, cause: unknown) {
    const last = cause instanceof Error ? cause.message : String(cause);
    super(`Waited ${timeoutMs} ms for ${what}. Last seen: ${last}`, { cause });
    this.name = "UntilTimeoutError";
    this.subject = what;
  }
}

export type UntilOptions = {
  readonly timeoutMs: number;
  /** Pause between two looks. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * Looks again and again until `probe` no longer throws, and returns what it returned. What it throws is the observation
 * that a time-out reports.
 *
 * @throws UntilTimeoutError
 */
export async function until<T>(
  what: string,
  { timeoutMs, intervalMs = 50, signal }: UntilOptions,
  probe: () => T | Promise<T>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      signal?.throwIfAborted();
      if (performance.now() >= deadline) throw new UntilTimeoutError(what, timeoutMs, error);
    }
    await pause(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}

/**
 * Looks again and again until what is observed is accepted, and returns it. Unlike with `until`, an error of `observe` is
 * an error at once.
 *
 * @param intervalMs pause between two looks: longer where looking costs the one that is looked at
 * @throws an error with the last observation when it was not accepted in time
 */
export async function eventually<T>(
  observe: () => Promise<T> | T,
  accept: (observed: T) => boolean,
  timeoutMs = 10_000,
  intervalMs = 10,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const observed = await observe();
    if (accept(observed)) return observed;
    if (performance.now() >= deadline) {
      throw new Error(`not within ${timeoutMs} ms; last observed: ${JSON.stringify(observed)?.slice(0, 2_000)}`);
    }
    await pause(intervalMs);
  }
}
