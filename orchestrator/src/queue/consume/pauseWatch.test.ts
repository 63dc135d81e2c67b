import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PauseWatch } from "./pauseWatch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch(read: () => Promise<boolean>) {
  const seen: unknown[] = [];
  const pause = new PauseWatch({ read, onPaused: (paused) => seen.push(paused), onError: (error) => seen.push(error) });
  return { pause, seen };
}

it("reads the switch at most once a second", async () => {
  const { pause, seen } = watch(async () => true);
  await pause.refresh();
  expect(pause.refresh()).toBeUndefined();
  vi.advanceTimersByTime(1_000);
  await pause.refresh();
  expect(seen).toEqual([true, true]);
});

it("shares one read among simultaneous callers", async () => {
  const answer = Promise.withResolvers<boolean>();
  const { pause, seen } = watch(() => answer.promise);
  const waiting = [pause.refresh(), pause.refresh()];
  answer.resolve(false);
  await Promise.all(waiting);
  expect(seen).toEqual([false]);
});

it("reports a failed read and does not repeat it within the second", async () => {
  const problem = new Error("connection lost");
  const { pause, seen } = watch(() => Promise.reject(problem));
  await pause.refresh();
  expect(pause.refresh()).toBeUndefined();
  expect(seen).toEqual([problem]);
});
