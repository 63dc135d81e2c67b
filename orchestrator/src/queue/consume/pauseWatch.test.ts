import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PauseWatch } from "./pauseWatch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch(read: () => Promise<boolean>) {
  const told: unknown[] = [];
  const pause = new PauseWatch({ read, onPaused: (paused) => told.push(paused), onError: (error) => told.push(error) });
  return { pause, told };
}

it("asks at first, not again within a second, and then again", async () => {
  const { pause, told } = watch(async () => true);
  await pause.refresh();
  expect(pause.refresh()).toBeUndefined();
  vi.advanceTimersByTime(1_000);
  await pause.refresh();
  expect(told).toEqual([true, true]);
});

it("asks once for all who want to know", async () => {
  const answer = Promise.withResolvers<boolean>();
  const { pause, told } = watch(() => answer.promise);
  const waiting = [pause.refresh(), pause.refresh()];
  answer.resolve(false);
  await Promise.all(waiting);
  expect(told).toEqual([false]);
});

it("does not fail, nor ask with every read, where nobody answers", async () => {
  const problem = new Error("connection lost");
  const { pause, told } = watch(() => Promise.reject(problem));
  await pause.refresh();
  expect(pause.refresh()).toBeUndefined();
  expect(told).toEqual([problem]);
});
