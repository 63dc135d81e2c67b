import fc from "fast-check";
import { expect, test } from "vitest";
import { shrinkList } from "./shrinkList.ts";

test("only items that the failure needs are left", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 20 }),
      fc.nat(),
      fc.nat(),
      async (items, a, b) => {
        const needed = new Set([items[a % items.length], items[b % items.length]]);
        const fails = async (candidate: readonly number[]) =>
          [...needed].every((item) => candidate.includes(item as number));
        const smallest = await shrinkList(items, fails, { left: 1_000 });
        expect(new Set(smallest)).toEqual(needed);
      },
    ),
  );
});

test("a failure that needs no item leaves none", async () => {
  expect(await shrinkList([1, 2, 3], async () => true, { left: 100 })).toEqual([]);
});

test("the budget bounds the tries, and the result still fails", async () => {
  let tries = 0;
  const fails = async (candidate: readonly number[]) => {
    tries += 1;
    return candidate.includes(13);
  };
  const items = Array.from({ length: 64 }, (_, at) => at);
  const smallest = await shrinkList(items, fails, { left: 4 });
  expect(tries).toBe(4);
  expect(smallest).toContain(13);
  expect(smallest.length).toBeLessThan(items.length);
});
