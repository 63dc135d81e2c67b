import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Autoscaler, DOWN_LOOKS, UP_LOOKS } from "./autoscaler.ts";

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

  it("does not go up and down in turn under a constant backlog, and settles", () => {
    fc.assert(
      fc.property(settings, fc.nat(20_000), fc.nat(31), (given, lag, start) => {
        const autoscaler = new Autoscaler(given);
        let workers = Math.min(given.maxWorkers, given.minWorkers + start);
        const directions = new Set<number>();
        for (let look = 0; look < 32 * DOWN_LOOKS; look++) {
          const next = autoscaler.decide(lag, workers);
          if (next !== workers) directions.add(Math.sign(next - workers));
          workers = next;
        }
        expect(directions.size).toBeLessThanOrEqual(1);
        for (let look = 0; look < DOWN_LOOKS; look++) expect(autoscaler.decide(lag, workers)).toBe(workers);
      }),
    );
  });

  it("does not answer a single spike", () => {
    const autoscaler = new Autoscaler({ minWorkers: 2, maxWorkers: 8, lagPerWorker: 50 });
    for (let look = 0; look < 20; look++) expect(autoscaler.decide(look % UP_LOOKS === 0 ? 1_000 : 90, 2)).toBe(2);
  });

  it("adds workers for a lasting backlog and returns to the minimum when it is gone", () => {
    const autoscaler = new Autoscaler({ minWorkers: 2, maxWorkers: 8, lagPerWorker: 50 });
    let workers = 2;
    for (let look = 0; look < 2 * UP_LOOKS; look++) workers = autoscaler.decide(1_000, workers);
    expect(workers).toBe(8);
    for (let look = 0; look < 6 * DOWN_LOOKS; look++) workers = autoscaler.decide(0, workers);
    expect(workers).toBe(2);
  });

  it("brings a number that was set outside of the bounds back at once", () => {
    const autoscaler = new Autoscaler({ minWorkers: 2, maxWorkers: 8, lagPerWorker: 50 });
    expect(autoscaler.decide(0, 0)).toBe(2);
    expect(autoscaler.decide(0, 20)).toBe(8);
  });
});
