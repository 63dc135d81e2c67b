import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** One matcher of a selector, as written. */
export type Matcher = { readonly label: string; readonly operator: string; readonly value: string };

/** One vector selector of an expression. */
export type Selector = {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Text of its range, where it is a range vector. */
  readonly range: string | undefined;
  /** The function it is the direct argument of. */
  readonly calledBy: string | undefined;
};

/** What a query consists of. */
export type Query = {
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels that aggregations group by, each once. */
  readonly groupedBy: readonly string[];
};

/** Stands for `$__rate_interval` where durations are parsed; odd, so that nothing else is taken for it. */
export const RATE_INTERVAL = "7m11s";

const MACROS: Readonly<Record<string, string>> = {
  $__rate_interval: RATE_INTERVAL,
  $__interval: "7m12s",
  $__range: "7m13s",
};

/** Parses a panel's query; Grafana's duration macros stand for durations, variables inside quotes for themselves. */
export function parseQuery(query: string): Query {
  const text = query.replaceAll(/\$__\w+/g, (macro) => MACROS[macro] ?? macro);
  const tree = parser.parse(text);
  const errors = errorsOf(tree, text);
  if (errors.length > 0) return { errors, selectors: [], groupedBy: [] };
  return {
    errors,
    selectors: nodesOf(tree, "VectorSelector").map((node) => selectorOf(node, text)),
    groupedBy: [...new Set(nodesOf(tree, "GroupingLabels").flatMap((node) => labelNames(node, text)))],
  };
}

function errorsOf(tree: Tree, text: string): string[] {
  const errors: string[] = [];
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) errors.push(`at ${node.from}: ${text.slice(node.from, node.from + 20) || "end"}`);
    },
  });
  return errors;
}

function nodesOf(tree: Tree, name: string): SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  tree.iterate({
    enter: (node) => {
      if (node.name === name) nodes.push(node.node);
    },
  });
  return nodes;
}

function selectorOf(node: SyntaxNode, text: string): Selector {
  const matrix = node.parent?.name === "MatrixSelector" ? node.parent : undefined;
  const call = (matrix ?? node).parent?.parent;
  const name = call?.name === "FunctionCall" ? call.getChild("FunctionIdentifier") : null;
  const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
  return {
    metric: slice(node.getChild("Identifier"), text),
    matchers: matchers.map((matcher) => ({
      label: slice(matcher.getChild("LabelName"), text),
      operator: slice(matcher.getChild("MatchOp"), text),
      value: JSON.parse(slice(matcher.getChild("StringLiteral"), text)) as string,
    })),
    range: matrix === undefined ? undefined : text.slice(node.to, matrix.to).replaceAll(/[[\]]/g, ""),
    calledBy: name === null ? undefined : slice(name, text),
  };
}

function labelNames(node: SyntaxNode, text: string): string[] {
  return node.getChildren("LabelName").map((label) => slice(label, text));
}

function slice(node: SyntaxNode | null | undefined, text: string): string {
  return node ? text.slice(node.from, node.to) : "";
}
