import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cells } from "./cells.ts";
import { BUILT_IN_TYPES, LANES } from "./contract.ts";
import { createLayout } from "./layout.ts";
import { Totals } from "./totals.ts";

const layout = createLayout(BUILT_IN_TYPES);
const WORKERS = 4;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("count" as const),
      worker: fc.nat(WORKERS - 1),
      count: fc.integer({ min: 1, max: 50 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("flush" as const), worker: fc.nat(WORKERS - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const), worker: fc.nat(WORKERS - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("garbage" as const),
      deltas: fc.array(fc.oneof(fc.integer(), fc.double())),
    }),
  },
);

describe("counters under random worker deaths", () => {
  it("never fall, never double, and lose at most what a dead worker had not reported", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const totals = new Totals(layout);
        const spawn = () => {
          const cells = new Cells(layout);
          return { cells, lane: cells.lane("ml", "express"), unreported: 0 };
        };
        const workers = Array.from({ length: WORKERS }, spawn);
        const read = () => totals.read("mcp_tasks_completed_total", { type: "ml", lane: "express" });
        let reported = 0;
        for (const one of steps) {
          const before = [...totals.values];
          if (one.kind === "garbage") {
            // Whatever parses as increments may be added; it must then still not lower anything.
            const valid = new Totals(layout).add(one.deltas);
            if (!valid) expect(totals.add(one.deltas)).toBe(false);
          } else {
            const worker = workers[one.worker] as ReturnType<typeof spawn>;
            if (one.kind === "count") {
              worker.lane.completed(one.count);
              worker.lane.latency(one.count / 100);
              worker.unreported += one.count;
            } else if (one.kind === "flush") {
              expect(totals.add(worker.cells.drain())).toBe(true);
              reported += worker.unreported;
              worker.unreported = 0;
            } else workers[one.worker] = spawn();
          }
          // One assertion for all cells: one for each would be millions.
          expect(before.findIndex((value, cell) => !((totals.values[cell] as number) >= value))).toBe(-1);
          expect(read()).toBe(reported);
        }
      }),
    );
  });

  it("takes nothing of a report of which a part is malformed", () => {
    const totals = new Totals(layout);
    for (const deltas of [
      [0, 1, 1],
      [0, 1, 1, -1],
      [0, 1, layout.size, 1],
      [0, 1, 1, Number.NaN],
      [0, 1, 0.5, 1],
    ]) {
      expect(totals.add(deltas)).toBe(false);
    }
    expect(totals.values.every((value) => value === 0)).toBe(true);
  });
});

describe("cells", () => {
  it("report each increment once", () => {
    const cells = new Cells(layout);
    for (const lane of LANES) cells.lane("ml", lane).ackAttempts(3, 1);
    expect(cells.drain()).toHaveLength(8);
    expect(cells.drain()).toEqual([]);
  });

  it("count a refusal of an unknown type as such, instead of making up a label", () => {
    const values = new Float64Array(layout.size);
    new Cells(layout, values).rejected("no-such-type", "invalid", 2);
    const cell = layout.offsetOf("mcp_tasks_rejected_total", { type: "unknown", reason: "invalid" });
    expect(values[cell]).toBe(2);
  });

  it("refuse a lane of a type that does not exist", () => {
    expect(() => new Cells(layout).lane("nope", "express")).toThrow(RangeError);
  });
});
