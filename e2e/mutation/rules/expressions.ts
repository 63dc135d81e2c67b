import { formatDuration, parseDuration } from "@mcp-orchestrator/alerts";
import { nodesOf, type PromqlNode, parsePromql } from "@mcp-orchestrator/alerts/promql";
import { confusedWith, strayMatchers } from "./metrics.ts";

/** A changed text, and what was changed. */
export type TextMutant = { readonly kind: string; readonly change: string; readonly text: string };

/**
 * Every single mistake that the operators make in one expression.
 *
 * @param records names of the recorded series that it could read
 */
export function expressionMutants(expression: string, records: readonly string[] = []): TextMutant[] {
  return editsOf(expression, (node, edit) => mutateNode(node, records, edit));
}

/** The expression with a label missing, in each clause that has it. */
export function clausesWithout(label: string, expression: string): TextMutant[] {
  return editsOf(expression, ({ name, from, to, children }, edit) => {
    const labels = children.map(({ text }) => text);
    if (name !== "GroupingLabels" || !labels.includes(label)) return;
    edit("scope", from, to, `(${labels.filter((each) => each !== label).join(", ")})`);
  });
}

function editsOf(expression: string, mutate: (node: PromqlNode, edit: Edit) => void): TextMutant[] {
  const mutants: TextMutant[] = [];
  const edit = (kind: string, from: number, to: number, replacement: string) => {
    const flat = (text: string) => text.replace(/\s+/g, " ").trim() || "nothing";
    const text = expression.slice(0, from) + replacement + expression.slice(to);
    const place = lineAndColumn(expression, from);
    mutants.push({ kind, change: `${place} ${flat(expression.slice(from, to))} -> ${flat(replacement)}`, text });
  };
  for (const node of nodesOf(parsePromql(expression))) mutate(node, edit);
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
/** Aggregated once more: the outer and the inner operator. */
const NESTED: Record<string, readonly (readonly [outer: string, inner: string])[]> = {
  sum: [
    ["max", "sum"],
    ["sum", "max"],
  ],
  max: [["sum", "max"]],
  min: [["max", "min"]],
};
const FUNCTIONS: Record<string, readonly string[]> = {
  rate: ["increase", "irate"],
  increase: ["delta", "rate"],
  last_over_time: ["max_over_time", "min_over_time"],
  max_over_time: ["last_over_time", "min_over_time"],
  min_over_time: ["max_over_time", "last_over_time"],
  absent: ["group"],
};
const GUARDS: Record<string, string> = { And: "unless", Unless: "and" };
const ARITHMETIC: Record<string, string> = { Add: "-", Sub: "+", Mul: "+", Div: "*" };

function mutateNode(node: PromqlNode, records: readonly string[], edit: Edit): void {
  for (const { from, to, text } of selectorsIn(node)) edit("offset", from, to, `${text} offset 1m`);
  switch (node.name) {
    case "BinaryExpr":
      mutateBinary(node, edit);
      return;
    case "AggregateExpr":
      mutateGrouping(node, edit);
      mutateOperator(node, edit);
      mutateOrder(node, edit);
      return;
    case "VectorSelector":
      mutateSelector(node, records, edit);
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
  // By labels of the scrape: every replica or job would be an alert of its own.
  group([...labels, labels.includes("instance") ? "job" : "instance"]);
  if (labels.length > 0) group([]);
  if (labels.length > 1) for (const dropped of labels) group(labels.filter((label) => label !== dropped));
}

function mutateOperator({ children: [operator, modifier] }: PromqlNode, edit: Edit): void {
  if (operator === undefined) return;
  // It takes one of the copies of a series, which are equal: only their sum is another number.
  const isOfCopies = modifier?.text.startsWith("without") === true;
  const others = isOfCopies ? ["sum"] : (AGGREGATIONS[operator.text] ?? []);
  for (const other of others) edit("aggregation", operator.from, operator.to, other);
}

/** Aggregates once more by replica, and makes the rate of a sum from a sum of rates: it takes a reset for growth. */
function mutateOrder(node: PromqlNode, edit: Edit): void {
  const operator = childOf(node, "AggregateOp")?.text ?? "";
  const by = childOf(node, "AggregateModifier")?.text ?? "";
  const body = childOf(node, "FunctionCallBody");
  // What takes one of the copies of a series is not about replicas.
  if (body === undefined || by.startsWith("without")) return;
  const byReplica = by === "" ? "by (instance)" : by.replace(")", ", instance)");
  for (const [outer, inner] of by.includes("instance") ? [] : (NESTED[operator] ?? [])) {
    edit("nesting", node.from, node.to, `${outer} ${by} (${inner} ${byReplica} ${body.text})`);
  }
  const call = childOf(body, "FunctionCall");
  const change = childOf(call, "FunctionIdentifier")?.text ?? "";
  const [series, window] = childOf(childOf(call, "FunctionCallBody"), "MatrixSelector")?.children ?? [];
  if (series === undefined || window === undefined || !["rate", "increase"].includes(change)) return;
  edit("order", node.from, node.to, `${change}((${operator} ${by} (${series.text}))[${window.text}:15s])`);
}

function mutateSelector({ children, from, to, text }: PromqlNode, records: readonly string[], edit: Edit): void {
  const [identifier, matchers] = children;
  if (identifier === undefined) return;
  const other = confusedWith(identifier.text, records);
  if (other !== undefined) edit("metric", identifier.from, identifier.to, other);
  for (const { label, matcher } of strayMatchers(identifier.text)) {
    if (matchers?.children.some(({ children: [name] }) => name?.text === label) === true) continue;
    edit(
      "stray matcher",
      from,
      to,
      matchers === undefined ? `${text}{${matcher}}` : text.replace(/}$/, `, ${matcher}}`),
    );
  }
}

function childOf(node: PromqlNode | undefined, name: string): PromqlNode | undefined {
  return node?.children.find((child) => child.name === name);
}

function mutateMatchers(node: PromqlNode, edit: Edit): void {
  for (const dropped of node.children) {
    const kept = node.children.filter((child) => child !== dropped).map((child) => child.text);
    edit("matcher", node.from, node.to, kept.length === 0 ? "" : `{${kept.join(", ")}}`);
    edit(
      "matcher",
      dropped.from,
      dropped.to,
      dropped.text.replace(/=~?/, (operator) => (operator === "=~" ? "!~" : "!=")),
    );
  }
}

/** Selectors directly below a node, with their windows; an offset follows the window. */
function selectorsIn({ name, children }: PromqlNode): PromqlNode[] {
  if (name === "MatrixSelector") return [];
  return children.filter((child) => child.name === "VectorSelector" || child.name === "MatrixSelector");
}

/** Likely typos of a number: a little more and less, or the next whole number for small counts. */
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
