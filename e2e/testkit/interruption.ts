import { constants } from "node:os";

/** npm and the bootstrap pass on what the terminal sent to everybody already: two so close together are one. */
const SAME_MS = 1_000;

/**
 * Watches for Ctrl-C and requests to end. The first one aborts the returned signal, so that everything can be stopped in
 * order; the next one ends this process at once, and the reaper clears up after it. The listeners stay: a library of
 * Testcontainers ends the process where it finds itself to be the only one.
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
