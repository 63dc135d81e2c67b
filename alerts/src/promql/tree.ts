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

/** A node and all below it, parents first. */
export function* nodesOf(root: PromqlNode): Generator<PromqlNode> {
  yield root;
  for (const child of root.children) yield* nodesOf(child);
}

/** The tree as text in which every duration is written `DURATION`: what must be equal between timing profiles. */
export function shapeOf(root: PromqlNode): string {
  if (root.name.startsWith("NumberDurationLiteral") && /[a-z]/.test(root.text)) return "DURATION";
  if (root.children.length === 0) return `${root.name}:${root.text}`;
  return `${root.name}(${root.children.map(shapeOf).join(",")})`;
}
