import { setTimeout as pause } from "node:timers/promises";

/** The awaited state was not reached in time; has what was seen last. */
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
  /** Pause between two attempts. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * Calls `probe` until it no longer throws, and returns its value. A timeout reports the last error.
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
 * Observes until a value is accepted, and returns it. Unlike with `until`, an error of `observe` is an error at once.
 *
 * @param intervalMs pause between two observations
 * @throws an error with the last observation if none was accepted in time
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
