/** Time limits for the steps of a shutdown. The process manager of the service must wait for all of them. */

/** Requests in progress may take this long before their connections are closed. */
export const HTTP_CLOSE_TIMEOUT_MS = 2_000;
/** The loops of the main process may take this long to finish their round. */
export const LOOP_STOP_TIMEOUT_MS = 2_000;
/** Writing the last log lines may take this long. */
export const LOG_CLOSE_TIMEOUT_MS = 1_000;

/**
 * Time after which a draining worker is killed. Longer than the drain, after which the worker ends by itself unless it
 * hangs.
 *
 * @param timeoutMs time limit of the drain
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
    LOG_CLOSE_TIMEOUT_MS
  );
}
