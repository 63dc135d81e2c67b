import { setTimeout as sleep } from "node:timers/promises";
import { type Payload, payload } from "./payload.ts";
import { type Percentiles, percentiles } from "./stats.ts";

const LIMIT_MS = 60_000;

export type PacedOptions = {
  /** Tasks per second. */
  readonly rate: number;
  readonly tasks: number;
  readonly send: (payload: Payload) => Promise<unknown>;
  /** How many tasks have a stored result, ever. */
  readonly finished: () => Promise<number>;
};

/**
 * Sends tasks on an even schedule, whether or not earlier ones were answered, and watches the count of stored results.
 * The n-th result is taken for the n-th task: tasks are served in order, and a swap of neighbours changes nothing.
 *
 * @returns percentiles of the time from when a task was due to its result, in ms
 */
export async function paced({ rate, tasks, send, finished }: PacedOptions): Promise<Percentiles> {
  const before = await finished();
  const startedAtMs = performance.now();
  const dueAtMs = (index: number) => startedAtMs + (index / rate) * 1000;
  const sending = (async () => {
    const answers: Promise<unknown>[] = [];
    while (answers.length < tasks) {
      while (answers.length < tasks && dueAtMs(answers.length) <= performance.now()) {
        answers.push(send(payload(answers.length)));
      }
      await sleep(1);
    }
    await Promise.all(answers);
  })();
  const latencies: number[] = [];
  while (latencies.length < tasks) {
    const count = (await finished()) - before;
    const nowMs = performance.now();
    while (latencies.length < count) latencies.push(nowMs - dueAtMs(latencies.length));
    if (nowMs - startedAtMs > (tasks / rate) * 1000 + LIMIT_MS)
      throw new Error(`${count} of ${tasks} tasks have a result`);
    await sleep(1);
  }
  await sending;
  return percentiles(latencies);
}
