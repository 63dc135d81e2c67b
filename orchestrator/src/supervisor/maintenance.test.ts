import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLog } from "../log.ts";
import { createPromotion } from "./maintenance.ts";

const INTERVAL_MS = 5_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

function setUp(nextDueMs: () => number | undefined) {
  const atMs: number[] = [];
  const startedAtMs = performance.now();
  const promotion = createPromotion({
    promoter: {
      runOnce: async () => {
        atMs.push(performance.now() - startedAtMs);
        return { nextDueMs: nextDueMs(), failures: [] };
      },
    },
    intervalMs: INTERVAL_MS,
    log: createLog("fatal", { write: () => undefined }),
  });
  promotion.loop.start();
  return { promotion, atMs };
}

it("looks at the start, and then as often as configured while no task waits", async () => {
  const { promotion, atMs } = setUp(() => undefined);
  await vi.advanceTimersByTimeAsync(2 * INTERVAL_MS + 100);
  await promotion.loop.stop();
  expect(atMs).toEqual([50, 50 + INTERVAL_MS, 50 + 2 * INTERVAL_MS]);
});

it("sleeps until the next task is due, or until one that is announced is", async () => {
  const due = [1_200, 4_000, 10];
  const { promotion, atMs } = setUp(() => due.shift());
  await vi.advanceTimersByTimeAsync(1_300);
  promotion.delayed(500);
  await vi.advanceTimersByTimeAsync(600);
  await promotion.loop.stop();
  expect(atMs).toEqual([50, 1_250, 1_800, 1_850]);
});

it("looks once for all that is due within moments", async () => {
  const { promotion, atMs } = setUp(() => undefined);
  await vi.advanceTimersByTimeAsync(100);
  for (let count = 0; count < 40; count++) {
    promotion.delayed(1);
    await vi.advanceTimersByTimeAsync(5);
  }
  await promotion.loop.stop();
  expect(atMs).toEqual([50, 150, 200, 250, 300]);
});

it("does not try again at once when a look failed", async () => {
  const { promotion, atMs } = setUp(() => {
    throw new Error("no Redis");
  });
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  await promotion.loop.stop();
  expect(atMs).toEqual([50]);
});
