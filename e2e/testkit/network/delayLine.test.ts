import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DelayLine } from "./delayLine.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a chunk without a delay does not overtake delayed ones", () => {
  const passed: string[] = [];
  const line = new DelayLine((piece) => passed.push(String(piece)));
  const push = (text: string, delayMs: number) => line.push(Buffer.from(text), delayMs);
  push("a", 0);
  push("b", 100);
  vi.advanceTimersByTime(50);
  push("c", 100);
  push("d", 0);
  expect(passed).toEqual(["a"]);
  vi.advanceTimersByTime(50);
  expect(passed).toEqual(["a", "b"]);
  vi.advanceTimersByTime(50);
  expect(passed).toEqual(["a", "b", "c", "d"]);
  push("e", 0);
  expect(passed).toEqual(["a", "b", "c", "d", "e"]);
});
