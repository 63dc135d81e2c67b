import { expect, test } from "vitest";
import { ALERTS } from "../catalogue/index.ts";
import { parsePromql } from "../promql/tree.ts";
import { expressionMutants } from "./expressions.ts";
import { ruleMutants } from "./rules.ts";

const textsOf = (expression: string) => expressionMutants(expression).map(({ text }) => text);

test("comparators are turned and widened, thresholds moved both ways", () => {
  expect(textsOf("a > 500")).toEqual(["a >= 500", "a < 500", "a > 525", "a > 475"]);
});

test("aggregations, grouping labels and windows are changed one at a time", () => {
  expect(textsOf("sum by (type, lane) (rate(x[5m]))")).toEqual([
    "max by (type, lane) (rate(x[5m]))",
    "sum  (rate(x[5m]))",
    "sum by (lane) (rate(x[5m]))",
    "sum by (type) (rate(x[5m]))",
    "sum by (type, lane) (increase(x[5m]))",
    "sum by (type, lane) (rate(x[10m]))",
    "sum by (type, lane) (rate(x[2m30s]))",
  ]);
});

test("matchers, branches and guards are dropped", () => {
  expect(textsOf('x{a="b"} or y')).toEqual(['x{a="b"}', "y", "x or y", 'x{a!="b"} or y']);
  expect(textsOf("x unless on () y")).toEqual(["x", "x and on () y", "x unless  y"]);
});

test("every mutant of every rule is another expression, and still PromQL", () => {
  for (const alert of ALERTS) {
    const mutants = ruleMutants(alert);
    expect(mutants.length).toBeGreaterThan(10);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    for (const { rules } of mutants) {
      for (const rule of rules.groups.flatMap((group) => group.rules))
        expect(() => parsePromql(rule.expr)).not.toThrow();
    }
  }
});
