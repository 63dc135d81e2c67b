import { nodesOf, type PromqlNode, parsePromql } from "../promql/tree.ts";
import { formatDuration } from "../timing.ts";

/** A change of a text, and what was changed. */
export type TextMutant = { readonly kind: string; readonly change: string; readonly text: string };

/** Every single mistake we can think of in one expression. */
export function expressionMutants(expression: string): TextMutant[] {
  const mutants: TextMutant[] = [];
  const edit = (kind: string, from: number, to: number, replacement: string) => {
    const was = expression.slice(from, to).replace(/\s+/g, " ");
    const text = expression.slice(0, from) + replacement + expression.slice(to);
    const place = lineAndColumn(expression, from);
    mutants.push({ kind, change: `${place} ${was} -> ${replacement.replace(/\s+/g, " ") || "nothing"}`, text });
  };
  for (const node of nodesOf(parsePromql(expression))) mutateNode(node, edit);
  return mutants;
}

type Edit = (kind: string, from: number, to: number, replacement: string) => void;

const COMPARATORS: Record<string, readonly string[]> = {
  Gtr: [">=", "<"],
  Lss: ["<=", ">"],
  Gte: [">", "<"],
  Eql: ["!=", ">"],
};
const AGGREGATIONS: Record<string, readonly string[]> = { sum: ["max"], max: ["sum", "min"], min: ["max"] };
const FUNCTIONS: Record<string, string> = {
  rate: "increase",
  increase: "delta",
  last_over_time: "max_over_time",
  min_over_time: "max_over_time",
  absent: "group",
};
const ARITHMETIC: Record<string, string> = { Add: "-", Sub: "+", Mul: "+", Div: "*" };

function mutateNode(node: PromqlNode, edit: Edit): void {
  switch (node.name) {
    case "BinaryExpr":
      mutateBinary(node, edit);
      return;
    case "AggregateOp":
      for (const other of AGGREGATIONS[node.text] ?? []) edit("aggregation", node.from, node.to, other);
      return;
    case "AggregateModifier":
      mutateGrouping(node, edit);
      return;
    case "LabelMatchers":
      mutateMatchers(node, edit);
      return;
    case "FunctionIdentifier": {
      const other = FUNCTIONS[node.text];
      if (other !== undefined) edit("function", node.from, node.to, other);
      return;
    }
    case "FunctionCall":
      if (node.text.startsWith("abs(")) edit("function", node.from, node.from + "abs".length, "");
      return;
    case "NumberDurationLiteral":
      for (const other of neighbours(Number(node.text))) edit("number", node.from, node.to, String(other));
      return;
    case "NumberDurationLiteralInDurationContext": {
      const ms = durationMs(node.text);
      edit("window", node.from, node.to, formatDuration(ms * 2));
      edit("window", node.from, node.to, formatDuration(ms / 2));
    }
  }
}

function mutateBinary(node: PromqlNode, edit: Edit): void {
  const [left, operator, ...rest] = node.children;
  const right = rest.at(-1);
  if (left === undefined || operator === undefined || right === undefined) return;
  for (const other of COMPARATORS[operator.name] ?? []) edit("comparator", operator.from, operator.to, other);
  const other = ARITHMETIC[operator.name];
  if (other !== undefined) edit("arithmetic", operator.from, operator.to, other);
  if (operator.name === "Or") {
    edit("branch", node.from, node.to, left.text);
    edit("branch", node.from, node.to, right.text);
  }
  if (operator.name === "Unless") {
    edit("guard", node.from, node.to, left.text);
    edit("guard", operator.from, operator.to, "and");
    for (const clause of rest.filter((child) => child.name === "MatchingModifierClause")) {
      edit("matching", clause.from, clause.to, "");
    }
  }
}

function mutateGrouping(node: PromqlNode, edit: Edit): void {
  const labels = node.children.flatMap((child) => child.children).filter((child) => child.name === "LabelName");
  edit("grouping", node.from, node.to, "");
  if (labels.length < 2) return;
  for (const dropped of labels) {
    const kept = labels.filter((label) => label !== dropped).map((label) => label.text);
    edit("grouping", node.from, node.to, `by (${kept.join(", ")})`);
  }
}

function mutateMatchers(node: PromqlNode, edit: Edit): void {
  for (const dropped of node.children) {
    const kept = node.children.filter((child) => child !== dropped).map((child) => child.text);
    edit("matcher", node.from, node.to, kept.length === 0 ? "" : `{${kept.join(", ")}}`);
    edit("matcher", dropped.from, dropped.to, dropped.text.replace("=", "!="));
  }
}

/** Numbers that somebody might have typed instead: a little up and down, the next whole ones for small counts. */
function neighbours(value: number): number[] {
  if (Number.isInteger(value) && value < 20) return value === 0 ? [1] : [value + 1, value - 1];
  return [1.05, 0.95]
    .map((factor) => Number((value * factor).toPrecision(6)))
    .filter((other) => other < 1 || value >= 1);
}

function durationMs(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0),
    0,
  );
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${(before.at(-1) ?? "").length + 1}`;
}
