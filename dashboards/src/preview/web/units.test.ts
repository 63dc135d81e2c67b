import { expect, test } from "vitest";
import { formatValue } from "./units.ts";

test.each([
  [0.0755, "s", "75.5 ms"],
  [90, "s", "1.5 min"],
  [0, "s", "0 s"],
  [0.0123, "percentunit", "1.2 %"],
  [1536, "bytes", "1.5 KiB"],
  [12_345, "short", "12.3 K"],
  [18.21, "ops", "18.2 /s"],
  [1, "bool_on_off", "on"],
  [Number.NaN, "short", "–"],
  [Number.POSITIVE_INFINITY, "s", "∞"],
])("%d in %s is %s", (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});
