import { constants } from "node:os";

/** npm and the bootstrap forward a signal that the terminal has sent already. Two so close together count as one. */
const SAME_MS = 1_000;

/**
 * Watches for Ctrl-C and SIGTERM. The first aborts the returned signal, for an orderly end; the next ends this process
 * at once, and the reaper cleans up. The listeners stay, because a library of Testcontainers ends the process if it has
 * the only one.
 */
export function watchForInterruption(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      const now = performance.now();
      firstAt ??= now;
      if (now === firstAt) controller.abort(new Error(`interrupted by ${name}`));
      else if (now - firstAt > SAME_MS) process.exit(128 + constants.signals[name]);
    });
  }
  return controller.signal;
}
