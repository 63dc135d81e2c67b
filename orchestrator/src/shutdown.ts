/** How long each step of a stop may take: what supervises the service must wait for all of them. */

/** Requests under way get this long before their connections are cut. */
export const HTTP_CLOSE_TIMEOUT_MS = 2_000;
/** The loops of the main process get this long to finish what they do. */
export const LOOP_STOP_TIMEOUT_MS = 2_000;
/** The last line of the log gets this long to be written. */
export const LAST_WORDS_MS = 1_000;

/**
 * A worker that is asked to stop is killed after this.
 *
 * @param timeoutMs what its tasks get to finish; a little more, since it ends by itself unless it hangs
 */
export function workerStopMs(timeoutMs: number): number {
  return timeoutMs * 1.1 + 500;
}

/** The longest time from SIGTERM to the end of the main process. */
export function longestShutdownMs(settings: {
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
}): number {
  return (
    settings.shutdownDelayMs +
    HTTP_CLOSE_TIMEOUT_MS +
    workerStopMs(settings.shutdownTimeoutMs) +
    LOOP_STOP_TIMEOUT_MS +
    LAST_WORDS_MS
  );
}
