import { FAULTS } from "@mcp-orchestrator/alerts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawSchedule } from "./draw.ts";
import { CAMPAIGN_FAULTS } from "./faults.ts";
import { lengthMinutes } from "./schedule.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const faultNamed = (name: string) => CAMPAIGN_FAULTS.get(name);

test("a seed draws the same schedule again, which survives its file", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const drawn = drawSchedule(seed);
      expect(drawSchedule(seed)).toEqual(drawn);
      expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
    }),
  );
});

test("faults of the same component never overlap", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { faults } = drawSchedule(seed);
      for (const [at, { fault, atMinute }] of faults.entries()) {
        for (const earlier of faults.slice(0, at)) {
          const over = earlier.atMinute + earlier.forMinutes <= atMinute;
          expect(over || faultNamed(earlier.fault)?.needs !== faultNamed(fault)?.needs).toBe(true);
        }
      }
    }),
  );
});

test("each shape has the faults of its description, and is short enough", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const schedule = drawSchedule(seed);
      const { shape, faults, replicas } = schedule;
      if (shape === "none") expect(faults).toEqual([]);
      if (shape === "single") expect(faults).toHaveLength(1);
      // Of those that are drawn, one is always left.
      if (shape === "several") expect(faults.length).toBeGreaterThan(0);
      if (shape === "several") expect(faults.filter(({ fault }) => faultNamed(fault)?.telemetry)).toEqual([]);
      for (const { fault } of faults) expect(replicas).toBeGreaterThanOrEqual(faultNamed(fault)?.replicas ?? 1);
      expect(lengthMinutes(schedule)).toBeLessThanOrEqual(60);
    }),
  );
});

test("clients submit what a single fault hits", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { shape, faults, traffic } = drawSchedule(seed);
      const hits = faultNamed(faults[0]?.fault ?? "")?.hits;
      if (shape !== "single" || hits === undefined) return;
      expect(traffic.types.some((type) => hits.types.includes(type))).toBe(true);
      if (hits.lane !== undefined) expect(traffic.lanes).toContain(hits.lane);
    }),
  );
});

test("every fault is drawn, alone and with others", () => {
  const drawn = Array.from({ length: 3_000 }, (_, seed) => drawSchedule(seed));
  const of = (shape: string) =>
    new Set(drawn.filter((one) => one.shape === shape).flatMap(({ faults }) => faults.map(({ fault }) => fault)));
  expect([...of("single")].sort()).toEqual([...CAMPAIGN_FAULTS.keys()].sort());
  const together = [...CAMPAIGN_FAULTS].filter(([, { telemetry }]) => telemetry !== true).map(([name]) => name);
  expect([...of("several")].sort()).toEqual(together.sort());
});

test("all faults of the catalogue take part, except two that only spend a budget, one that violates a property by itself and one that is drawn for every lane", () => {
  const missing = Object.keys(FAULTS).filter((id) => id !== "none" && !CAMPAIGN_FAULTS.has(id));
  expect(missing).toEqual(["slow-calls", "failing-calls", "lose-an-entry", "refuse-submissions-of-a-lane"]);
});
