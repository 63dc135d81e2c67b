import { parser } from "@prometheus-io/lezer-promql";

/** One node of a parsed expression; positions are offsets into its text. */
export type PromqlNode = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly children: readonly PromqlNode[];
};

/** An expression does not parse. */
export class PromqlSyntaxError extends Error {
  readonly code = "PROMQL_SYNTAX";
  readonly subject: string;

  constructor(expression: string, offset: number) {
    super(`Syntax error at offset ${offset} of ${expression}`);
    this.name = "PromqlSyntaxError";
    this.subject = expression;
  }
}

/**
 * Parses PromQL with the grammar of Prometheus' own editor.
 *
 * @throws PromqlSyntaxError
 */
export function parsePromql(expression: string): PromqlNode {
  type Open = PromqlNode & { children: PromqlNode[] };
  const open: Open[] = [];
  let root: PromqlNode | undefined;
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) throw new PromqlSyntaxError(expression, node.from);
      const { name, from, to } = node;
      open.push({ name, from, to, text: expression.slice(from, to), children: [] });
    },
    leave() {
      const node = open.pop();
      if (node === undefined) return;
      const parent = open.at(-1);
      if (parent === undefined) root = node;
      else parent.children.push(node);
    },
  });
  if (root === undefined) throw new PromqlSyntaxError(expression, 0);
  return root;
}

/** A node and all its descendants, parents first. */
export function* nodesOf(root: PromqlNode): Generator<PromqlNode> {
  yield root;
  for (const child of root.children) yield* nodesOf(child);
}

/** The tree as text with every duration written `DURATION`, to compare timing profiles. */
export function shapeOf(root: PromqlNode): string {
  if (root.name.startsWith("NumberDurationLiteral") && /[a-z]/.test(root.text)) return "DURATION";
  if (root.children.length === 0) return `${root.name}:${root.text}`;
  return `${root.name}(${root.children.map(shapeOf).join(",")})`;
}

/** Milliseconds of the units of a duration, as Prometheus writes them. */
const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Whether two texts are the same expression, apart from layout and notation of numbers and durations. */
export function isSameExpression(one: string, other: string): boolean {
  const canonical = (node: PromqlNode): string => {
    if (node.name.startsWith("NumberDurationLiteral")) return literalValue(node.text);
    if (node.children.length === 0) return `${node.name}:${node.text}`;
    const children = node.children.map(canonical);
    // Prometheus prints matchers in the order of their names.
    return `${node.name}(${(node.name === "LabelMatchers" ? children.toSorted() : children).join(",")})`;
  };
  return canonical(parsePromql(one)) === canonical(parsePromql(other));
}

function literalValue(literal: string): string {
  const parts = [...literal.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.map(([part]) => part).join("") !== literal) return String(Number(literal));
  return `${parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (DURATION_UNITS_MS[unit] ?? 0), 0)}ms`;
}
