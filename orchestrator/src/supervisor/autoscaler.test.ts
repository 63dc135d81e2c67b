import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Autoscaler, DOWN_SAMPLES, UP_SAMPLES } from "./autoscaler.ts";

const settings = fc
  .record({
    minWorkers: fc.integer({ min: 1, max: 8 }),
    more: fc.nat(24),
    lagPerWorker: fc.integer({ min: 1, max: 200 }),
  })
  .map(({ minWorkers, more, lagPerWorker }) => ({ minWorkers, maxWorkers: minWorkers + more, lagPerWorker }));

describe("autoscaler", () => {
  it("stays within its bounds, at most doubles and removes one at a time, for any backlog", () => {
    fc.assert(
      fc.property(settings, fc.array(fc.nat(20_000), { maxLength: 200 }), (given, lags) => {
        const autoscaler = new Autoscaler(given);
        let workers = given.minWorkers;
        for (const lag of lags) {
          const next = autoscaler.decide(lag, workers);
          expect(next).toBeGreaterThanOrEqual(Math.max(given.minWorkers, workers - 1));
          expect(next).toBeLessThanOrEqual(Math.min(given.maxWorkers, 2 * workers));
          workers = next;
        }
      }),
    );
  });

  it("does not oscillate under a constant backlog", () => {
    fc.assert(
      fc.property(settings, fc.nat(20_000), fc.nat(31), (given, lag, start) => {
        const autoscaler = new Autoscaler(given);
        let workers = Math.min(given.maxWorkers, given.minWorkers + start);
        const directions = new Set<number>();
        for (let sample = 0; sample < 32 * DOWN_SAMPLES; sample++) {
          const next = autoscaler.decide(lag, workers);
          if (next !== workers) directions.add(Math.sign(next - workers));
          workers = next;
        }
        expect(directions.size).toBeLessThanOrEqual(1);
        for (let sample = 0; sample < DOWN_SAMPLES; sample++) expect(autoscaler.decide(lag, workers)).toBe(workers);
      }),
    );
  });

  it("ignores a single spike", () => {
    const autoscaler = new Autoscaler({ minWorkers: 2, maxWorkers: 8, lagPerWorker: 50 });
    for (let sample = 0; sample < 20; sample++)
      expect(autoscaler.decide(sample % UP_SAMPLES === 0 ? 1_000 : 90, 2)).toBe(2);
  });

  it("adds workers for a lasting backlog and returns to the minimum when it is gone", () => {
    const autoscaler = new Autoscaler({ minWorkers: 2, maxWorkers: 8, lagPerWorker: 50 });
    let workers = 2;
    for (let sample = 0; sample < 2 * UP_SAMPLES; sample++) workers = autoscaler.decide(1_000, workers);
    expect(workers).toBe(8);
    for (let sample = 0; sample < 6 * DOWN_SAMPLES; sample++) workers = autoscaler.decide(0, workers);
    expect(workers).toBe(2);
  });

  it.each([
    [150, 3],
    [151, 4],
    [50, 3],
    [49, 2],
  ])("changes three workers with a backlog of %i, at 50 per worker, to %i", (lag, expected) => {
    const autoscaler = new Autoscaler({ minWorkers: 1, maxWorkers: 8, lagPerWorker: 50 });
    let workers = 3;
    for (let sample = 0; sample < DOWN_SAMPLES; sample++) workers = autoscaler.decide(lag, 3);
    expect(workers === 3 ? autoscaler.decide(lag, 3) : workers).toBe(expected);
  });

  it("corrects a number outside of the bounds at once", () => {
    const autoscaler = new Autoscaler({ minWorkers: 2, maxWorkers: 8, lagPerWorker: 50 });
    expect(autoscaler.decide(0, 0)).toBe(2);
    expect(autoscaler.decide(0, 20)).toBe(8);
  });
});
