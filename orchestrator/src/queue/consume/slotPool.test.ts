import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANES, type Lane } from "../../metrics/contract.ts";
import { SlotPool } from "./slotPool.ts";

describe("a slot pool", () => {
  it("never gives more than it has, and never the other lane's floor, whatever is claimed and released", () => {
    const step = fc.record({ lane: fc.constantFrom<Lane>(...LANES), claim: fc.boolean(), count: fc.nat(50) });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 64 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
        const pool = new SlotPool(size);
        for (const { lane, claim, count } of steps) {
          if (claim) expect(pool.claim(lane, count)).toBeLessThanOrEqual(count);
          else pool.release(lane, Math.min(count, pool.used(lane)));
          expect(pool.used("express") + pool.used("regular")).toBeLessThanOrEqual(size);
          for (const one of LANES) expect(pool.used(one)).toBeLessThanOrEqual(pool.most);
        }
        // Whatever one lane holds, the other finds a slot while it holds less than its floor.
        for (const lane of LANES) if (pool.used(lane) < pool.floor) expect(pool.claim(lane, 1)).toBe(1);
      }),
    );
  });

  it("wakes who waits when a slot is free for it, the express lane first", () => {
    const pool = new SlotPool(4);
    const woken: Lane[] = [];
    expect(pool.claim("regular", 9)).toBe(3);
    expect(pool.claim("express", 9)).toBe(1);
    for (const lane of ["regular", "express"] as const) pool.whenFree(lane, () => woken.push(lane));
    expect(woken).toEqual([]);
    pool.release("regular", 1);
    expect(woken).toEqual(["express", "regular"]);
    pool.release("regular", 1);
    expect(woken).toHaveLength(2);
  });

  it("gives the regular lane no slot above its floor while the express lane is hungry", () => {
    const pool = new SlotPool(16);
    expect(pool.claim("regular", 16)).toBe(14);
    pool.setExpressHungry(true);
    pool.release("regular", 13);
    expect([pool.claim("regular", 16), pool.claim("express", 16)]).toEqual([1, 14]);
    pool.release("express", 14);
    let woken = false;
    pool.whenFree("regular", () => {
      woken = true;
    });
    expect(woken).toBe(false);
    pool.setExpressHungry(false);
    expect(woken).toBe(true);
  });

  it("refuses what would make it forget its count", () => {
    expect(() => new SlotPool(1)).toThrow(RangeError);
    expect(() => new SlotPool(2).release("express", 1)).toThrow(RangeError);
  });
});
