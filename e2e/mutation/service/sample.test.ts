import { expect, test } from "vitest";
import { confidenceInterval, isDrawn } from "./sample.ts";

const names = Array.from({ length: 10_000 }, (_, at) => `file.ts ${at}`);

test.each([0.05, 0.3, 0.9])("a sample of %d has that share of all, and another seed draws others", (share) => {
  const drawn = names.filter((name) => isDrawn(name, { share, seed: 1 }));
  expect(drawn.length / names.length).toBeCloseTo(share, 1);
  expect(names.filter((name) => isDrawn(name, { share, seed: 1 }))).toEqual(drawn);
  expect(names.filter((name) => isDrawn(name, { share, seed: 2 }))).not.toEqual(drawn);
});

test("a share of 1 selects every mutant", () => {
  expect(names.every((name) => isDrawn(name, { share: 1, seed: 3 }))).toBe(true);
});

test("the interval is Wilson's", () => {
  const rounded = (killed: number, tried: number) => confidenceInterval(killed, tried).map((value) => value.toFixed(1));
  expect(rounded(45, 50)).toEqual(["78.6", "95.7"]);
  expect(rounded(50, 50)).toEqual(["92.9", "100.0"]);
  expect(rounded(0, 0)).toEqual(["0.0", "100.0"]);
});
