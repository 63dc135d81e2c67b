import fc from "fast-check";
import { expect, test } from "vitest";
import { drillProfile, formatDuration, PRODUCTION, scaleMs, TimingError } from "./timing.ts";

test("a factor of 1 is production timing", () => {
  const { prometheus, alertmanager } = drillProfile(1);
  expect({ prometheus, alertmanager }).toEqual({
    prometheus: PRODUCTION.prometheus,
    alertmanager: PRODUCTION.alertmanager,
  });
});

test("a factor of 60 turns minutes into seconds", () => {
  expect(drillProfile(60).prometheus.scrapeIntervalMs).toBe(250);
  expect(drillProfile(60).alertmanager.groupIntervalMs).toBe(5000);
});

test.each([0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e9])("a factor of %d is rejected", (factor) => {
  expect(() => drillProfile(factor)).toThrow(TimingError);
});

test("a formatted duration has the same value as the number", () => {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (ms) => {
      const parts = [...formatDuration(ms).matchAll(/(\d+)(ms|h|m|s)/g)];
      const sum = parts.reduce((total, [, count, unit]) => total + Number(count) * (units[unit ?? ""] ?? 0), 0);
      expect(sum).toBe(ms);
      expect(parts.map((part) => part[0]).join("")).toBe(formatDuration(ms));
    }),
  );
});

test("scaling never lengthens a duration, and keeps their order", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 1e8 }),
      fc.integer({ min: 1000, max: 1e8 }),
      fc.integer({ min: 1, max: 900 }),
      (a, b, factor) => {
        const [short, long] = [Math.min(a, b), Math.max(a, b)].map((ms) => scaleMs(ms, { factor }));
        expect(short).toBeLessThanOrEqual(long ?? 0);
        expect(long).toBeLessThanOrEqual(Math.max(a, b));
      },
    ),
  );
});
