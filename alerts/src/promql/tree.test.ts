import { expect, test } from "vitest";
import { isSameExpression, PromqlSyntaxError } from "./tree.ts";

test.each([
  ["sum by (a, b) (\n  rate(x[5m])\n)", "sum by (a, b) (rate(x[5m]))"],
  ["last_over_time(x[24h]) > 0.00001", "last_over_time(x[1d]) > 1e-05"],
  ["rate(x[1m30s])", "rate(x[90s])"],
  ['x{b="1", a=~"2|3"}', 'x{a=~"2|3",b="1"}'],
])("%s is %s", (one, other) => {
  expect(isSameExpression(one, other)).toBe(true);
});

test.each([
  ["x > 1", "x >= 1"],
  ["x > 1", "x > 2"],
  ["rate(x[5m])", "rate(x[10m])"],
  ["rate(x[5m])", "increase(x[5m])"],
  ["sum by (a) (x)", "sum by (b) (x)"],
  ['x{a="b"}', 'x{a="c"}'],
  ["a - (b - c)", "(a - b) - c"],
  ["x unless y", "x and y"],
])("%s is not %s", (one, other) => {
  expect(isSameExpression(one, other)).toBe(false);
});

test("invalid expressions are rejected", () => {
  expect(() => isSameExpression("x", "x >")).toThrow(PromqlSyntaxError);
});
