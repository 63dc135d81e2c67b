import fc from "fast-check";
import { expect, it } from "vitest";
import { equalJitterMs } from "./jitter.ts";

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const attempt = fc.integer({ min: 1, max: 1_000 });
const baseMs = fc.integer({ min: 1, max: 10_000 });
const capMs = fc.integer({ min: 10_000, max: 1_000_000 });

it("is between half of the doubled base and all of it, and never above the cap", () => {
  fc.assert(
    fc.property(attempt, baseMs, capMs, random, (attempt, baseMs, capMs, share) => {
      const ceilingMs = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 40));
      const delayMs = equalJitterMs(attempt, baseMs, capMs, () => share);
      expect(delayMs).toBeGreaterThanOrEqual(ceilingMs / 2);
      expect(delayMs).toBeLessThanOrEqual(Math.ceil(ceilingMs));
    }),
  );
});

it("doubles from attempt to attempt", () => {
  expect([1, 2, 3, 4].map((attempt) => equalJitterMs(attempt, 100, 100_000, () => 1))).toEqual([100, 200, 400, 800]);
});
