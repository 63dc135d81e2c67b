import { nodesOf, type PromqlNode, parsePromql } from "./tree.ts";

/** One vector selector of a query. */
export type QuerySelector = {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
  /** Text of its range, if it is a range vector. */
  readonly range: string | undefined;
  /** The function whose direct argument it is. */
  readonly calledBy: string | undefined;
};

/** The parts of a query. */
export type Query = {
  readonly selectors: readonly QuerySelector[];
  /** Labels that aggregations group by, each once. */
  readonly groupedBy: readonly string[];
};

/**
 * Parses a query into its parts.
 *
 * @throws PromqlSyntaxError
 */
export function parseQuery(text: string): Query {
  const root = parsePromql(text);
  const groupedBy = [...nodesOf(root)]
    .filter(({ name }) => name === "GroupingLabels")
    .flatMap(({ children }) => children.filter(({ name }) => name === "LabelName").map((label) => label.text));
  return { selectors: [...selectorsBelow(root, undefined, undefined)], groupedBy: [...new Set(groupedBy)] };
}

function* selectorsBelow(
  node: PromqlNode,
  matrix: PromqlNode | undefined,
  calledBy: string | undefined,
): Generator<QuerySelector> {
  if (node.name === "VectorSelector") {
    yield {
      metric: childOf(node, "Identifier")?.text ?? "",
      matchers: (childOf(node, "LabelMatchers")?.children ?? []).map((matcher) => ({
        label: childOf(matcher, "LabelName")?.text ?? "",
        operator: childOf(matcher, "MatchOp")?.text ?? "",
        value: JSON.parse(childOf(matcher, "StringLiteral")?.text ?? '""') as string,
      })),
      range: matrix?.text.slice(node.to - matrix.from).replaceAll(/[[\]]/g, ""),
      calledBy,
    };
    return;
  }
  const called = node.name === "FunctionCall" ? childOf(node, "FunctionIdentifier")?.text : undefined;
  const passedOn = ["FunctionCallBody", "FunctionCallArgs", "MatrixSelector"].includes(node.name)
    ? calledBy
    : undefined;
  for (const child of node.children) {
    yield* selectorsBelow(child, node.name === "MatrixSelector" ? node : undefined, called ?? passedOn);
  }
}

function childOf(node: PromqlNode, name: string): PromqlNode | undefined {
  return node.children.find((child) => child.name === name);
}
