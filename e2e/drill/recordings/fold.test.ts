import fc from "fast-check";
import { expect, test } from "vitest";
import { fold, type Slot } from "./fold.ts";

/** Expands the part of promtool's notation that is used here. */
function unfold(text: string): Slot[] {
  return text.split(" ").flatMap((part): Slot[] => {
    if (part === "stale") return [undefined];
    const gap = /^_x(\d+)$/.exec(part);
    if (gap) return Array.from({ length: Number(gap[1]) }, () => undefined);
    const [, value, sign, step = "0", more = "0"] = /^(-?[\d.]+)(?:([+-])([\d.]+))?(?:x(\d+))?$/.exec(part) ?? [];
    const by = Number(step) * (sign === "-" ? -1 : 1);
    return Array.from({ length: Number(more) + 1 }, (_, times) => Number(value) + by * times);
  });
}

test("equal values and equal steps are folded", () => {
  expect(fold([0, 0, 0, 0, 3, 6, 9])).toBe("0x3 3+3x2");
  expect(fold([5, 4, 3])).toBe("5-1x2");
  expect(fold([1, 7])).toBe("1 7");
});

test("a series that ends is stale, one that has not begun is missing", () => {
  expect(fold([undefined, undefined, 1, 1, 1, undefined, undefined, 2])).toBe("_x2 1x2 stale _x1 2");
});

test("folding loses nothing", () => {
  const slot = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined, freq: 6 });
  fc.assert(
    fc.property(fc.array(slot, { minLength: 1, maxLength: 40 }), (slots) => {
      expect(unfold(fold(slots))).toEqual(slots);
    }),
  );
});
