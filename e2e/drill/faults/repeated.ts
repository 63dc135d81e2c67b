import { setTimeout as pause } from "node:timers/promises";
import type { ActiveFault } from "./fault.ts";

/**
 * A fault that consists of the same round again and again, until it is removed. An error of a round ends it, and is thrown when it is
 * removed for the first time.
 *
 * @param signal ends it too
 */
export function repeated(signal: AbortSignal, round: (ended: AbortSignal) => Promise<void>): ActiveFault {
  const stop = new AbortController();
  const ended = AbortSignal.any([stop.signal, signal]);
  let repeating = (async () => {
    while (!ended.aborted) await round(ended);
  })();
  repeating.catch(() => {});
  return {
    remove: async () => {
      stop.abort();
      const last = repeating;
      repeating = Promise.resolve();
      await last;
    },
  };
}

/** Waits until the fault ends at the latest. */
export async function rest(restMs: number, ended: AbortSignal): Promise<void> {
  await pause(Math.max(0, restMs), undefined, { signal: ended }).catch(() => {});
}
