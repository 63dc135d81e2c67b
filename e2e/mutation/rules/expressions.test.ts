import { parsePromql } from "@mcp-orchestrator/alerts/promql";
import { expect, test } from "vitest";
import { expressionMutants } from "./expressions.ts";

const textsOf = (expression: string, kind: string) =>
  expressionMutants(expression)
    .filter((mutant) => mutant.kind === kind)
    .map(({ text }) => text);

test.each([
  ["comparator", "a > 500", ["a >= 500", "a < 500", "a > bool 500"]],
  ["comparator", "a == 0", ["a != 0", "a > 0", "a == bool 0"]],
  ["number", "a > 500", ["a > 525", "a > 475"]],
  ["number", "a > 0.1", ["a > 0.105", "a > 0.095"]],
  ["number", "a >= 2", ["a >= 3", "a >= 1"]],
  ["number", "a == 0", ["a == 1"]],
  ["window", "rate(a[5m])", ["rate(a[6m])", "rate(a[4m])"]],
  ["function", "rate(a[5m])", ["increase(a[5m])", "irate(a[5m])"]],
  ["function", "abs(a)", ["(a)"]],
  ["function", "absent(a)", ["group(a)"]],
  ["aggregation", "sum (a)", ["max (a)", "avg (a)"]],
  ["grouping", "sum (a)", ["sum by (instance) (a)"]],
  [
    "grouping",
    "sum by (type, lane) (a)",
    ["sum by (type, lane, instance) (a)", "sum  (a)", "sum by (lane) (a)", "sum by (type) (a)"],
  ],
  ["grouping", "min by (instance) (up)", ["min by (instance, job) (up)", "min  (up)"]],
  ["matcher", 'a{x="1", y="2"}', ['a{y="2"}', 'a{x!="1", y="2"}', 'a{x="1"}', 'a{x="1", y!="2"}']],
  ["branch", "a or b", ["a", "b", "b or a"]],
  ["guard", "a unless b", ["a", "a and b"]],
  ["guard", "a and b", ["a", "a unless b"]],
  ["matching", "a unless on () b", ["a unless  b"]],
  ["offset", 'a{x="1"} > b', ['a{x="1"} offset 1m > b', 'a{x="1"} > b offset 1m']],
  ["offset", "rate(a[5m])", ["rate(a[5m] offset 1m)"]],
  ["arithmetic", "a / b", ["a * b"]],
])("a %s of %s is mistaken in every way there is", (kind, expression, expected) => {
  expect(textsOf(expression, kind)).toEqual(expected);
  for (const text of expected) expect(() => parsePromql(text)).not.toThrow();
});

test("a mutant says where it is and what was changed", () => {
  expect(expressionMutants("a\n> 500").map(({ kind, change }) => `${kind} ${change}`)).toEqual([
    "offset 1:2 nothing -> offset 1m",
    "comparator 2:1 > -> >=",
    "comparator 2:1 > -> <",
    "comparator 2:1 > -> > bool",
    "number 2:3 500 -> 525",
    "number 2:3 500 -> 475",
  ]);
});
