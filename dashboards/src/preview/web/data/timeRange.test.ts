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
    ["nonsense", "now", '"nonsense" is not a time'],
    ["now-15m", "yesterday", '"yesterday" is not a time'],
    ["now", "now-1h", "does not end after its start"],
  ])("from %s to %s is a clear error", (from, to, message) => {
    expect(() => resolveRange({ from, to }, NOW_MS)).toThrow(message);
  });

  test("has a readable name", () => {
    expect(rangeLabel({ from: "now-6h", to: "now" })).toBe("Last 6 hours");
    expect(rangeLabel({ from: "now-2h", to: "now" })).toBe("Last 2h");
  });

  test("has durations of whole units only, as Prometheus writes them", () => {
    expect(["90s", "250ms", "1m30s"].map(durationMs)).toEqual([90_000, 250, 90_000]);
    expect(["1.5h", "h", "", "1m x"].map(durationMs)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("sampling", () => {
  const hour = { fromMs: NOW_MS - 3_600_000, toMs: NOW_MS };

  test("has at least the scrape interval as step", () => {
    expect(sampling(hour, 10_000, 15_000).stepMs).toBe(15_000);
  });

  test("works with scrapes every quarter of a second", () => {
    const minute = { fromMs: NOW_MS - 60_000, toMs: NOW_MS };
    expect(sampling(minute, 240, 250)).toMatchObject({ stepMs: 250, rateIntervalMs: 1_000 });
  });

  test("has windows of at least four scrapes", () => {
    expect(sampling(hour, 400, 15_000).rateIntervalMs).toBe(60_000);
    expect(sampling({ fromMs: NOW_MS - 86_400_000, toMs: NOW_MS }, 400, 15_000).rateIntervalMs).toBe(315_000);
  });

  test("has the same times a little later", () => {
    const later = { fromMs: hour.fromMs + 4_000, toMs: hour.toMs + 4_000 };
    expect(alignToStep(later, 15_000)).toEqual(alignToStep(hour, 15_000));
  });
});
