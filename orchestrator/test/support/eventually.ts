import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until a condition holds.
 *
 * @param observe what to look at, again and again
 * @param accept true when it is as it should be
 * @param intervalMs pause between two looks: longer where looking costs the one that is looked at
 * @throws with the last observation when it did not get there in time
 */
export async function eventually<T>(
  observe: () => Promise<T> | T,
  accept: (observed: T) => boolean,
  timeoutMs = 10_000,
  intervalMs = 10,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const observed = await observe();
    if (accept(observed)) return observed;
    if (performance.now() > deadlineMs) {
      throw new Error(`not within ${timeoutMs} ms; last observed: ${JSON.stringify(observed)?.slice(0, 2_000)}`);
    }
    await sleep(intervalMs);
  }
}
