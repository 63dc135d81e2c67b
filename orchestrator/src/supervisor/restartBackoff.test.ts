import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../config.ts";
import { BUILT_IN_TYPES } from "../metrics/contract.ts";
import { RestartBackoff } from "./restartBackoff.ts";

const { perType, restartMaxMs, restartMinMs } = loadConfig({}).workers;

describe("restart backoff", () => {
  it("doubles from the minimum to the cap", () => {
    const backoff = new RestartBackoff(100, 1000);
    expect(Array.from({ length: 6 }, () => backoff.next(0))).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it("starts over after a worker has run for twice the cap", () => {
    const backoff = new RestartBackoff(100, 1000);
    for (let crash = 0; crash < 10; crash++) backoff.next(0);
    expect(backoff.next(1_999)).toBe(1000);
    expect(backoff.next(2_000)).toBe(100);
    expect(backoff.next(0)).toBe(200);
  });

  it("stays within its bounds", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000), { maxLength: 2_000 }), (lives) => {
        const backoff = new RestartBackoff(restartMinMs, restartMaxMs);
        for (const livedMs of lives) {
          const pauseMs = backoff.next(livedMs);
          expect(pauseMs).toBeGreaterThanOrEqual(restartMinMs);
          expect(pauseMs).toBeLessThanOrEqual(restartMaxMs);
        }
      }),
    );
  });

  it("lets a crash loop of the default workers exceed 0.5 crashes per second at the cap", () => {
    // Allows five seconds from start to crash, ten times as long as on an idle machine.
    expect((BUILT_IN_TYPES.length * perType) / ((restartMaxMs + 5_000) / 1_000)).toBeGreaterThan(0.5);
  });
});
