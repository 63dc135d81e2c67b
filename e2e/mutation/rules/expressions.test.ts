import { parsePromql } from "@mcp-orchestrator/alerts/promql";
import { expect, test } from "vitest";
import { clausesWithout, expressionMutants } from "./expressions.ts";

const textsOf = (expression: string, kind: string) =>
  expressionMutants(expression, ["type:a:sum", "queue:a:sum", "type:b:sum"])
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
  [
    "nesting",
    "sum by (type) (a)",
    ["max by (type) (sum by (type, instance) (a))", "sum by (type) (max by (type, instance) (a))"],
  ],
  ["nesting", "max (a)", ["sum  (max by (instance) (a))"]],
  ["order", 'sum by (type) (rate(a{x="1"}[5m]))', ['rate((sum by (type) (a{x="1"}))[5m:15s])']],
  ["order", "sum (increase(a[15m]))", ["increase((sum  (a))[15m:15s])"]],
  ["metric", "rate(mcp_task_wait_seconds_bucket[5m])", ["rate(mcp_task_latency_seconds_bucket[5m])"]],
  ["metric", "type:a:sum", ["type:b:sum"]],
  ["metric", "type:b:sum", ["type:a:sum"]],
  [
    "stray matcher",
    'mcp_tasks_failed_total{lane="express"}',
    ['mcp_tasks_failed_total{lane="express", type="ml"}', 'mcp_tasks_failed_total{lane="express", reason="timeout"}'],
  ],
  ["stray matcher", "alertmanager_alerts", ['alertmanager_alerts{job="mcp-orchestrator"}']],
  ["stray matcher", "type_lane:a:sum", ['type_lane:a:sum{type="ml"}', 'type_lane:a:sum{lane="regular"}']],
])("a %s of %s is mistaken in every way there is", (kind, expression, expected) => {
  expect(textsOf(expression, kind)).toEqual(expected);
  for (const text of expected) expect(() => parsePromql(text)).not.toThrow();
});

test("a label is dropped from each clause that has it, and from no other", () => {
  const expression = "sum by (cluster, type) (a) and on (cluster) b and on (type) c";
  expect(clausesWithout("cluster", expression).map(({ text }) => text)).toEqual([
    "sum by (type) (a) and on (cluster) b and on (type) c",
    "sum by (cluster, type) (a) and on () b and on (type) c",
  ]);
});

test("a mutant says where it is and what was changed", () => {
  expect(expressionMutants("a\n> 500").map(({ kind, change }) => `${kind} ${change}`)).toEqual([
    "offset 1:1 a -> a offset 1m",
    "comparator 2:1 > -> >=",
    "comparator 2:1 > -> <",
    "comparator 2:1 > -> > bool",
    "number 2:3 500 -> 525",
    "number 2:3 500 -> 475",
  ]);
});
