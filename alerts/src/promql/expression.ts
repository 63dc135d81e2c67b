/**
 * PromQL as a small syntax tree, for rules and dashboards. Ranges are milliseconds at production length; a timing
 * profile scales them when the tree is rendered, and nothing else.
 */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | Selector
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | Aggregation
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly on?: readonly string[];
    };

/** The series of a metric, over a range where it has one. */
export type Selector = {
  readonly kind: "selector";
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Milliseconds at production length, or a variable of Grafana. */
  readonly range?: number | `$${string}`;
  /** The source of the series: a scrape, or Prometheus' own rules. */
  readonly writtenBy: "scrape" | "rules";
};

export type Aggregation = {
  readonly kind: "aggregation";
  readonly operator: AggregationOperator;
  readonly operand: Expression;
} & ({ readonly by: readonly string[] } | { readonly without: readonly string[] });

export type Matcher = { readonly label: string; readonly operator: "=" | "=~"; readonly value: string };
export type AggregationOperator = "sum" | "max" | "min" | "avg" | "count";
export type Comparator = ">" | "<" | ">=" | "==";
export type BinaryOperator = "+" | "-" | "*" | "/" | Comparator | "and" | "or" | "unless";

export const number = (value: number): Expression => ({ kind: "number", value });
export const string = (value: string): Expression => ({ kind: "string", value });
export const call = (name: string, ...args: Expression[]): Expression => ({ kind: "call", name, args });

/** The series of a metric that match. */
export function selector(
  metric: string,
  matchers: readonly Matcher[],
  options: Partial<Pick<Selector, "range" | "writtenBy">> = {},
): Selector {
  return { kind: "selector", metric, matchers, writtenBy: "scrape", ...options };
}

/** Aggregates by labels; without labels, to one series. */
export function aggregate(operator: AggregationOperator, by: readonly string[], operand: Expression): Aggregation {
  return { kind: "aggregation", operator, by, operand };
}

export const sum = (by: readonly string[], operand: Expression) => aggregate("sum", by, operand);
export const max = (by: readonly string[], operand: Expression) => aggregate("max", by, operand);
export const min = (by: readonly string[], operand: Expression) => aggregate("min", by, operand);

/** `left operator right`, matched on the labels of `on` if given (an empty list matches everything). */
export function binary(
  left: Expression,
  operator: BinaryOperator,
  right: Expression,
  on?: readonly string[],
): Expression {
  return { kind: "binary", operator, left, right, ...(on === undefined ? {} : { on }) };
}

/** The first of the expressions that has a sample for a label set. */
export function firstOf(first: Expression, ...others: readonly Expression[]): Expression {
  return others.reduce((left, right) => binary(left, "or", right), first);
}

/** The expression with each of its selectors replaced. */
export function mapSelectors(expression: Expression, replace: (selector: Selector) => Selector): Expression {
  const map = (inner: Expression) => mapSelectors(inner, replace);
  switch (expression.kind) {
    case "number":
    case "string":
      return expression;
    case "selector":
      return replace(expression);
    case "call":
      return { ...expression, args: expression.args.map(map) };
    case "aggregation":
      return { ...expression, operand: map(expression.operand) };
    case "binary":
      return { ...expression, left: map(expression.left), right: map(expression.right) };
  }
}
