import { describe, expect, test } from "vitest";
import { alignToStep, sampling } from "./step.ts";
import { durationMs, rangeLabel, resolveRange } from "./timeRange.ts";

const NOW_MS = 1_700_000_000_000;

describe("a time range", () => {
  test("counts back from now", () => {
    expect(resolveRange({ from: "now-15m", to: "now" }, NOW_MS)).toEqual({ fromMs: NOW_MS - 900_000, toMs: NOW_MS });
  });

  test("may be fixed", () => {
    expect(resolveRange({ from: "1600000000000", to: "1600000060000" }, NOW_MS)).toEqual({
      fromMs: 1_600_000_000_000,
      toMs: 1_600_000_060_000,
    });
  });

  test.each([
    ["nonsense", "now"],
    ["now", "now-1h"],
  ])("from %s to %s is the hour before its end", (from, to) => {
    const { fromMs, toMs } = resolveRange({ from, to }, NOW_MS);
    expect(toMs - fromMs).toBe(3_600_000);
  });

  test("is named as a person says it", () => {
    expect(rangeLabel({ from: "now-6h", to: "now" })).toBe("Last 6 hours");
    expect(rangeLabel({ from: "now-2h", to: "now" })).toBe("Last 2h");
  });

  test("has durations of whole units only", () => {
    expect([durationMs("90s"), durationMs("1.5h"), durationMs("h")]).toEqual([90_000, undefined, undefined]);
  });
});

describe("sampling", () => {
  const hour = { fromMs: NOW_MS - 3_600_000, toMs: NOW_MS };

  test("is never finer than the scrapes", () => {
    expect(sampling(hour, 10_000, 15_000).stepMs).toBe(15_000);
  });

  test("follows scrapes of a quarter of a second", () => {
    const minute = { fromMs: NOW_MS - 60_000, toMs: NOW_MS };
    expect(sampling(minute, 240, 250)).toMatchObject({ stepMs: 250, rateIntervalMs: 1_000 });
  });

  test("asks for windows that hold at least four scrapes", () => {
    expect(sampling(hour, 400, 15_000).rateIntervalMs).toBe(60_000);
    expect(sampling({ fromMs: NOW_MS - 86_400_000, toMs: NOW_MS }, 400, 15_000).rateIntervalMs).toBe(315_000);
  });

  test("asks for the same moments a little later", () => {
    const later = { fromMs: hour.fromMs + 4_000, toMs: hour.toMs + 4_000 };
    expect(alignToStep(later, 15_000)).toEqual(alignToStep(hour, 15_000));
  });
});
