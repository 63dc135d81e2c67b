import { setTimeout as sleep } from "node:timers/promises";
import { type Payload, payload } from "./payload.ts";
import { type Percentiles, percentiles } from "./stats.ts";

const LIMIT_MS = 60_000;

export type PacedOptions = {
  /** Tasks per second. */
  readonly rate: number;
  readonly tasks: number;
  readonly send: (payload: Payload) => Promise<unknown>;
  /** Number of tasks that have ever had a stored result. */
  readonly finished: () => Promise<number>;
};

/**
 * Sends tasks on an even schedule, without waiting for earlier answers, and polls the number of stored results. Counts the
 * n-th result for the n-th task: tasks run in order, and swapped neighbours do not change the percentiles.
 *
 * @returns percentiles of the time from the due time of a task to its result, in ms
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
