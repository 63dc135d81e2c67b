import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { percentiles, ratioOf, summarize } from "./stats.ts";

const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });

describe("summary of rounds", () => {
  it("contains the median and the distance of the extremes", () => {
    expect(summarize([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30, spread: 1, rounds: 3 });
    expect(summarize([10, 20, 30, 40]).median).toBe(25);
  });

  it("does not depend on the order of the rounds, and has a median between the extremes", () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (values) => {
        const summary = summarize(values);
        expect(summarize(values.toReversed())).toEqual(summary);
        expect(summary.median).toBeGreaterThanOrEqual(summary.min);
        expect(summary.median).toBeLessThanOrEqual(summary.max);
      }),
    );
  });

  it("throws without rounds", () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});

describe("ratio", () => {
  it("compares within each round, so that a slower machine does not matter", () => {
    expect(ratioOf([100, 10, 50], [20, 2, 10])).toBe(5);
  });

  it("needs the same number of rounds on both sides", () => {
    expect(() => ratioOf([1, 2], [1])).toThrow(RangeError);
  });
});

describe("percentiles", () => {
  it("are ordered and taken from the whole range", () => {
    expect(percentiles(Array.from({ length: 1000 }, (_, index) => index + 1))).toEqual({
      p50: 500.5,
      p95: 950.05,
      p99: 990.01,
    });
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (values) => {
        const { p50, p95, p99 } = percentiles(values);
        expect(p50).toBeLessThanOrEqual(p95);
        expect(p95).toBeLessThanOrEqual(p99);
      }),
    );
  });
});
