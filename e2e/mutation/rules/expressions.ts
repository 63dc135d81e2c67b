import { formatDuration, parseDuration } from "@mcp-orchestrator/alerts";
import { nodesOf, type PromqlNode, parsePromql } from "@mcp-orchestrator/alerts/promql";

/** A change of a text, and what was changed. */
export type TextMutant = { readonly kind: string; readonly change: string; readonly text: string };

/** Every single mistake we can think of in one expression. */
export function expressionMutants(expression: string): TextMutant[] {
  const mutants: TextMutant[] = [];
  const edit = (kind: string, from: number, to: number, replacement: string) => {
    const flat = (text: string) => text.replace(/\s+/g, " ").trim() || "nothing";
    const text = expression.slice(0, from) + replacement + expression.slice(to);
    const place = lineAndColumn(expression, from);
    mutants.push({ kind, change: `${place} ${flat(expression.slice(from, to))} -> ${flat(replacement)}`, text });
  };
  for (const node of nodesOf(parsePromql(expression))) mutateNode(node, edit);
  return mutants;
}

type Edit = (kind: string, from: number, to: number, replacement: string) => void;

const COMPARATORS: Record<string, readonly string[]> = {
  Gtr: [">=", "<", "> bool"],
  Lss: ["<=", ">", "< bool"],
  Gte: [">", "<", ">= bool"],
  Eql: ["!=", ">", "== bool"],
};
const AGGREGATIONS: Record<string, readonly string[]> = {
  sum: ["max", "avg"],
  max: ["sum", "min", "avg"],
  min: ["max", "avg"],
};
const FUNCTIONS: Record<string, readonly string[]> = {
  rate: ["increase", "irate"],
  increase: ["delta", "rate"],
  last_over_time: ["max_over_time", "min_over_time"],
  min_over_time: ["max_over_time", "last_over_time"],
  absent: ["group"],
};
const GUARDS: Record<string, string> = { And: "unless", Unless: "and" };
const ARITHMETIC: Record<string, string> = { Add: "-", Sub: "+", Mul: "+", Div: "*" };

function mutateNode(node: PromqlNode, edit: Edit): void {
  for (const selector of selectorsIn(node)) edit("offset", selector.to, selector.to, " offset 1m");
  switch (node.name) {
    case "BinaryExpr":
      mutateBinary(node, edit);
      return;
    case "AggregateOp":
      for (const other of AGGREGATIONS[node.text] ?? []) edit("aggregation", node.from, node.to, other);
      return;
    case "AggregateExpr":
      mutateGrouping(node, edit);
      return;
    case "LabelMatchers":
      mutateMatchers(node, edit);
      return;
    case "FunctionIdentifier":
      for (const other of FUNCTIONS[node.text] ?? []) edit("function", node.from, node.to, other);
      return;
    case "FunctionCall":
      if (node.text.startsWith("abs(")) edit("function", node.from, node.from + "abs".length, "");
      return;
    case "NumberDurationLiteral":
      for (const other of neighbours(Number(node.text))) edit("number", node.from, node.to, String(other));
      return;
    case "NumberDurationLiteralInDurationContext": {
      const ms = parseDuration(node.text);
      for (const factor of [1.2, 0.8]) edit("window", node.from, node.to, formatDuration(ms * factor));
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
    edit("branch", node.from, node.to, `${right.text} or ${left.text}`);
  }
  const turned = GUARDS[operator.name];
  if (turned !== undefined) {
    edit("guard", node.from, node.to, left.text);
    edit("guard", operator.from, operator.to, turned);
    for (const clause of rest.filter((child) => child.name === "MatchingModifierClause")) {
      edit("matching", clause.from, clause.to, "");
    }
  }
}

function mutateGrouping({ children }: PromqlNode, edit: Edit): void {
  const modifier = children.find((child) => child.name === "AggregateModifier");
  const labels = (modifier?.children ?? []).flatMap((child) => child.children.map((label) => label.text));
  const place = modifier ?? children.find((child) => child.name === "FunctionCallBody");
  if (place === undefined) return;
  const group = (by: readonly string[]) => {
    const text = by.length === 0 ? "" : `by (${by.join(", ")})`;
    if (modifier === undefined) edit("grouping", place.from, place.from, `${text} `);
    else edit("grouping", place.from, place.to, text);
  };
  // By what a scrape adds: every replica, or every job, would make an alert of its own.
  group([...labels, labels.includes("instance") ? "job" : "instance"]);
  if (labels.length > 0) group([]);
  if (labels.length > 1) for (const dropped of labels) group(labels.filter((label) => label !== dropped));
}

function mutateMatchers(node: PromqlNode, edit: Edit): void {
  for (const dropped of node.children) {
    const kept = node.children.filter((child) => child !== dropped).map((child) => child.text);
    edit("matcher", node.from, node.to, kept.length === 0 ? "" : `{${kept.join(", ")}}`);
    edit("matcher", dropped.from, dropped.to, dropped.text.replace("=", "!="));
  }
}

/** Selectors right below a node, with their windows: an offset stands behind the window. */
function selectorsIn({ name, children }: PromqlNode): PromqlNode[] {
  if (name === "MatrixSelector") return [];
  return children.filter((child) => child.name === "VectorSelector" || child.name === "MatrixSelector");
}

/** Numbers that might be typed by mistake: a little up and down, the next whole ones for small counts. */
function neighbours(value: number): number[] {
  if (Number.isInteger(value) && value < 20) return value === 0 ? [1] : [value + 1, value - 1];
  return [1.05, 0.95]
    .map((factor) => Number((value * factor).toPrecision(6)))
    .filter((other) => other < 1 || value >= 1);
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${(before.at(-1) ?? "").length + 1}`;
}
