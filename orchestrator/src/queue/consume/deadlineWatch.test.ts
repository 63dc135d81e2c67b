import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DeadlineWatch, type Timed } from "./deadlineWatch.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("calls each item once at its deadline, unless it was removed", () => {
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

it("calls nothing after it was stopped", () => {
  const watch = new DeadlineWatch<Timed>(100, Date.now);
  let reached = 0;
  const item = () => ({ startedAtMs: Date.now(), onDeadline: () => void reached++ });
  watch.add(item());
  watch.stop();
  vi.advanceTimersByTime(500);
  expect([reached, vi.getTimerCount()]).toEqual([0, 0]);
  // What was added before is forgotten.
  watch.add(item());
  vi.advanceTimersByTime(100);
  expect(reached).toBe(1);
  watch.stop();
});
