import { formatDuration, scaleWindowMs, type WindowScale } from "../timing.ts";
import type { Aggregation, BinaryOperator, Expression, Selector } from "./expression.ts";

const MAX_WIDTH = 100;

/** Precedence of PromQL's operators, weakest first. */
const PRECEDENCE: Record<BinaryOperator, number> = {
  or: 1,
  and: 2,
  unless: 2,
  ">": 3,
  "<": 3,
  ">=": 3,
  "==": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
};

/** An expression as PromQL text under a timing profile; long lines are broken at operators. */
export function renderExpression(expression: Expression, profile: WindowScale): string {
  return layOut(expression, profile, "");
}

/** An expression as PromQL on one line at production length, for a panel. */
export function renderQuery(expression: Expression): string {
  return oneLine(expression, { factor: 1 });
}

function layOut(expression: Expression, profile: WindowScale, indent: string): string {
  const line = oneLine(expression, profile);
  if (indent.length + line.length <= MAX_WIDTH) return line;
  const deeper = `${indent}  `;
  switch (expression.kind) {
    case "binary":
      return [
        layOutOperand(expression, "left", profile, indent),
        `${indent}${operatorText(expression)}`,
        `${indent}${layOutOperand(expression, "right", profile, indent)}`,
      ].join("\n");
    case "aggregation":
      return `${aggregationHead(expression)} (\n${deeper}${layOut(expression.operand, profile, deeper)}\n${indent})`;
    case "call": {
      const args = expression.args.map((arg) => `${deeper}${layOut(arg, profile, deeper)}`);
      return `${expression.name}(\n${args.join(",\n")}\n${indent})`;
    }
    default:
      return line;
  }
}

type Binary = Extract<Expression, { kind: "binary" }>;

function layOutOperand(parent: Binary, side: "left" | "right", profile: WindowScale, indent: string) {
  const operand = parent[side];
  if (!needsParentheses(parent, side)) return layOut(operand, profile, indent);
  const line = `(${oneLine(operand, profile)})`;
  if (indent.length + line.length <= MAX_WIDTH) return line;
  const deeper = `${indent}  `;
  return `(\n${deeper}${layOut(operand, profile, deeper)}\n${indent})`;
}

function oneLine(expression: Expression, profile: WindowScale): string {
  switch (expression.kind) {
    case "number":
      return String(expression.value);
    case "string":
      return JSON.stringify(expression.value);
    case "selector":
      return selectorText(expression, profile);
    case "call":
      return `${expression.name}(${expression.args.map((arg) => oneLine(arg, profile)).join(", ")})`;
    case "aggregation":
      return `${aggregationHead(expression)} (${oneLine(expression.operand, profile)})`;
    case "binary":
      return (["left", "right"] as const)
        .map((side) => {
          const text = oneLine(expression[side], profile);
          return needsParentheses(expression, side) ? `(${text})` : text;
        })
        .join(` ${operatorText(expression)} `);
  }
}

function needsParentheses(parent: Binary, side: "left" | "right"): boolean {
  const operand = parent[side];
  if (operand.kind !== "binary") return false;
  const own = PRECEDENCE[operand.operator];
  const outer = PRECEDENCE[parent.operator];
  // All of these operators are left-associative; chained comparisons are never what a reader expects.
  return own < outer || (own === outer && (side === "right" || outer === PRECEDENCE[">"]));
}

function operatorText({ operator, on }: Binary): string {
  return on === undefined ? operator : `${operator} on (${on.join(", ")})`;
}

function aggregationHead(aggregation: Aggregation): string {
  const { operator } = aggregation;
  if ("without" in aggregation) return `${operator} without (${aggregation.without.join(", ")})`;
  return aggregation.by.length === 0 ? operator : `${operator} by (${aggregation.by.join(", ")})`;
}

function selectorText({ metric, matchers, range }: Selector, profile: WindowScale): string {
  const braces = matchers.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`).join(", ");
  const window = typeof range === "number" ? formatDuration(scaleWindowMs(range, profile)) : range;
  return `${metric}${braces === "" ? "" : `{${braces}}`}${window === undefined ? "" : `[${window}]`}`;
}
