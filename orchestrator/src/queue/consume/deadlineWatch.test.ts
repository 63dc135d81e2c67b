import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DeadlineWatch, type Timed } from "./deadlineWatch.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("each item is told of its own deadline, once, unless it ended before", () => {
  const told: [string, number][] = [];
  const watch = new DeadlineWatch<Timed>(100, Date.now);
  const begin = Date.now();
  const item = (name: string): Timed => ({
    startedAtMs: Date.now(),
    onDeadline: () => told.push([name, Date.now() - begin]),
  });
  watch.add(item("first"));
  vi.advanceTimersByTime(30);
  const ended = item("ended");
  watch.add(ended);
  watch.add(item("second"));
  vi.advanceTimersByTime(50);
  watch.remove(ended);
  vi.advanceTimersByTime(500);
  expect(told).toEqual([
    ["first", 100],
    ["second", 130],
  ]);
  watch.add(item("later"));
  vi.advanceTimersByTime(99);
  expect(told).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(told).toHaveLength(3);
  watch.stop();
});
