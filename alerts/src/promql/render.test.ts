import fc from "fast-check";
import { expect, test } from "vitest";
import { minutes } from "../timing.ts";
import { type BinaryOperator, binary, call, type Expression, number, sum } from "./expression.ts";
import { renderExpression } from "./render.ts";
import { counterOver, recorded, series } from "./series.ts";
import { type PromqlNode, parsePromql } from "./tree.ts";

const atFactor = (factor: number) => (expression: Expression) => renderExpression(expression, { factor });
const render = atFactor(1);

test("a selector has its matchers and its range, scaled", () => {
  const failures = counterOver("mcp_tasks_failed_total", minutes(5), { type: "ml", reason: "poison" });
  expect(render(failures)).toBe('mcp_tasks_failed_total{type="ml", reason="poison"}[5m]');
  expect(atFactor(60)(failures)).toBe('mcp_tasks_failed_total{type="ml", reason="poison"}[5s]');
});

test("an empty list of labels to match on is written out", () => {
  expect(render(binary(recorded("a"), "unless", recorded("b"), []))).toBe("a unless on () b");
});

test("a long line is broken at its operators", () => {
  const long = sum(
    ["type"],
    call("increase", counterOver("mcp_tasks_enqueued_total", minutes(5), { lane: "express" })),
  );
  expect(render(binary(long, "/", long))).toBe(
    [
      'sum by (type) (increase(mcp_tasks_enqueued_total{lane="express"}[5m]))',
      "/",
      'sum by (type) (increase(mcp_tasks_enqueued_total{lane="express"}[5m]))',
    ].join("\n"),
  );
});

const OPERATORS: readonly BinaryOperator[] = ["+", "-", "*", "/", ">", "<", ">=", "==", "and", "or", "unless"];
const leaf = fc.constantFrom<Expression>(recorded("a"), recorded("b:c"), series("mcp_queue_depth"));
const expressions = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc
      .tuple(tie("any"), fc.constantFrom(...OPERATORS), tie("any"))
      .map(([left, operator, right]) => binary(left, operator, right)),
    tie("any").map((operand) => sum(["type"], operand)),
    tie("any").map((operand) => call("abs", operand)),
  ),
})).any;

test("every operator below every other keeps its operands", () => {
  const [a, b, c] = ["a", "b:c", "mcp_queue_depth"].map((name) => recorded(name)) as [
    Expression,
    Expression,
    Expression,
  ];
  for (const outer of OPERATORS) {
    for (const inner of OPERATORS) {
      for (const expression of [binary(binary(a, inner, b), outer, c), binary(a, outer, binary(b, inner, c))]) {
        expect(shape(parsePromql(render(expression)))).toBe(shapeOfExpression(expression));
      }
    }
  }
});

// Parentheses depend on an operator and its direct operands, which the test above covers. Three levels have up to eight
// operands and do not fit on one line.
test("any rendered expression parses to the same tree, on one line or on many", () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      expect(shape(parsePromql(render(expression)))).toBe(shapeOfExpression(expression));
    }),
    { numRuns: 100 },
  );
});

/** The tree without parentheses and without parts that are the same in all trees. */
function shape(node: PromqlNode): string {
  const [first, second] = node.children;
  switch (node.name) {
    case "BinaryExpr":
      return `(${shape(node.children[0] as PromqlNode)} ${node.children[1]?.text} ${shape(node.children.at(-1) as PromqlNode)})`;
    case "AggregateExpr":
      return `sum(${shape(node.children.at(-1) as PromqlNode)})`;
    case "FunctionCall":
      return `abs(${shape(second as PromqlNode)})`;
    case "VectorSelector":
      return node.text;
    default:
      return shape(first as PromqlNode);
  }
}

function shapeOfExpression(expression: Expression): string {
  switch (expression.kind) {
    case "binary":
      return `(${shapeOfExpression(expression.left)} ${expression.operator} ${shapeOfExpression(expression.right)})`;
    case "aggregation":
      return `sum(${shapeOfExpression(expression.operand)})`;
    case "call":
      return `abs(${expression.args.map(shapeOfExpression).join("")})`;
    case "selector":
      return expression.metric;
    case "number":
      return String(number(expression.value));
    case "string":
      return expression.value;
  }
}
