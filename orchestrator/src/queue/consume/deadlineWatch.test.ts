import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DeadlineWatch, type Timed } from "./deadlineWatch.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("each item gets its own deadline, once, unless it ended before", () => {
  const reached: [string, number][] = [];
  const watch = new DeadlineWatch<Timed>(100, Date.now);
  const begin = Date.now();
  const item = (name: string): Timed => ({
    startedAtMs: Date.now(),
    onDeadline: () => reached.push([name, Date.now() - begin]),
  });
  watch.add(item("first"));
  vi.advanceTimersByTime(30);
  const ended = item("ended");
  watch.add(ended);
  watch.add(item("second"));
  vi.advanceTimersByTime(50);
  watch.remove(ended);
  vi.advanceTimersByTime(500);
  expect(reached).toEqual([
    ["first", 100],
    ["second", 130],
  ]);
  watch.add(item("later"));
  vi.advanceTimersByTime(99);
  expect(reached).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(reached).toHaveLength(3);
  watch.stop();
});
