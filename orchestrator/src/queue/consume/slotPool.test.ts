import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANES, type Lane } from "../../metrics/contract.ts";
import { SlotPool, type Slots } from "./slotPool.ts";

describe("a slot pool", () => {
  it("never grants more than its size or the floor of the other lane, and gets every slot back once", () => {
    const step = fc.record({
      lane: fc.constantFrom<Lane>(...LANES),
      what: fc.constantFrom("claim", "split", "dispose", "dispose twice"),
      count: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 64 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
        const pool = new SlotPool(size);
        const owned: Record<Lane, Slots[]> = { express: [], regular: [] };
        const sum = (lane: Lane) => owned[lane].reduce((total, { count }) => total + count, 0);
        for (const { lane, what, count } of steps) {
          const [first] = owned[lane];
          if (what === "claim") {
            const slots = pool.claim(lane, count);
            expect(slots.count).toBeLessThanOrEqual(count);
            owned[lane].push(slots);
          } else if (what === "split") {
            if (first !== undefined) owned[lane].push(first.split(Math.min(count, first.count)));
          } else {
            first?.[Symbol.dispose]();
            if (what === "dispose twice") first?.[Symbol.dispose]();
            owned[lane].shift();
          }
          for (const one of LANES) {
            expect(pool.used(one)).toBe(sum(one));
            expect(pool.used(one)).toBeLessThanOrEqual(pool.maxPerLane);
          }
          expect(pool.used("express") + pool.used("regular")).toBeLessThanOrEqual(size);
        }
        // A lane below its floor always gets a slot.
        for (const lane of LANES) {
          if (pool.used(lane) < pool.floor) {
            using slot = pool.claim(lane, 1);
            expect(slot.count).toBe(1);
          }
        }
        for (const lane of LANES) for (const slots of owned[lane]) slots[Symbol.dispose]();
        expect(LANES.map((lane) => pool.used(lane))).toEqual([0, 0]);
      }),
    );
  });

  it("wakes the waiting lanes when a slot is free, the express lane first", () => {
    const pool = new SlotPool(4);
    const woken: Lane[] = [];
    const regular = pool.claim("regular", 9);
    expect(regular.count).toBe(3);
    expect(pool.claim("express", 9).count).toBe(1);
    for (const lane of ["regular", "express"] as const) pool.whenFree(lane, () => woken.push(lane));
    expect(woken).toEqual([]);
    regular.split(1)[Symbol.dispose]();
    expect(woken).toEqual(["express", "regular"]);
    regular[Symbol.dispose]();
    expect(woken).toHaveLength(2);
  });

  it("gives the regular lane no slot above its floor while the express lane is saturated", () => {
    const pool = new SlotPool(16);
    const regular = pool.claim("regular", 16);
    expect(regular.count).toBe(14);
    pool.setExpressSaturated(true);
    regular.split(13)[Symbol.dispose]();
    const express = pool.claim("express", 16);
    expect([pool.claim("regular", 16).count, express.count]).toEqual([1, 14]);
    express[Symbol.dispose]();
    let woken = false;
    pool.whenFree("regular", () => {
      woken = true;
    });
    expect(woken).toBe(false);
    pool.setExpressSaturated(false);
    expect(woken).toBe(true);
  });

  it("gets the slots of an owner back when the owner throws", () => {
    const pool = new SlotPool(8);
    const fails = () => {
      using slots = pool.claim("express", 3);
      using _moved = slots.split(2);
      throw new Error("a connection was lost");
    };
    expect(fails).toThrow("a connection was lost");
    expect(pool.used("express")).toBe(0);
  });

  it("does not wake a lane that still has no free slot", () => {
    const pool = new SlotPool(8);
    const express = pool.claim("express", 9);
    const regular = pool.claim("regular", 9);
    expect([express.count, regular.count, pool.maxPerLane]).toEqual([7, 1, 7]);
    pool.setExpressSaturated(true);
    const woken: Lane[] = [];
    for (const lane of LANES) pool.whenFree(lane, () => woken.push(lane));
    express.split(1)[Symbol.dispose]();
    expect(woken).toEqual(["express"]);
    regular[Symbol.dispose]();
    expect(woken).toEqual(["express", "regular"]);
  });

  it("rejects a pool without a slot per lane, and a split of more slots than there are", () => {
    expect(() => new SlotPool(1)).toThrow(RangeError);
    expect(() => new SlotPool(8).claim("express", 1).split(2)).toThrow(RangeError);
  });
});
