import {
  type AggregationOperator,
  aggregate as aggregateExpression,
  type BinaryOperator,
  binary as binaryExpression,
  call,
  type Expression,
  number,
  renderQuery,
  string,
} from "@mcp-orchestrator/alerts/promql";

/**
 * An instant vector: its PromQL and the labels of its series.
 *
 * The labels are part of the type: grouping by a label that the series do not have, or a legend with one, does not
 * compile.
 */
export type Vector<L extends string = never> = {
  readonly expr: Expression;
  readonly labels: readonly L[];
};

/** The PromQL text of a vector. */
export function text(vector: Vector<string>): string {
  return renderQuery(vector.expr);
}

/**
 * Aggregates series.
 *
 * @param op `max` for gauges that are equal on every replica (queues, Redis), `sum` for what each process counts
 * @param by the labels to keep; without labels the result is one series
 */
export function aggregate<L extends string, K extends L = never>(
  op: AggregationOperator,
  vector: Vector<L>,
  by: readonly K[] = [],
): Vector<K> {
  return { expr: aggregateExpression(op, by, vector.expr), labels: by };
}

/** The quantile (0 to 1) of a vector of histogram buckets. */
export function quantile<L extends string>(q: number, buckets: Vector<L | "le">): Vector<Exclude<L, "le">> {
  const labels = buckets.labels.filter((label): label is Exclude<L, "le"> => label !== "le");
  return { expr: call("histogram_quantile", number(q), buckets.expr), labels };
}

/** A fixed number as a one-element vector; the right side of {@link or} if no series means a known value. */
export function constant(value: number): Vector {
  return { expr: call("vector", number(value)), labels: [] };
}

/** A sample for a tile without a value, so that an older sample is not shown as the last. */
export const NOTHING: Vector = constant(Number.NaN);

/** Left plus right, matched on their common labels. */
export const add = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(left, "+", right);
/** Left minus right. */
export const subtract = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(left, "-", right);
/** Left times right. */
export const multiply = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(left, "*", right);
/** Left, and right for label sets that left lacks. */
export const or = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(left, "or", right);

/** Where the label `from` matches a pattern, the label `to` gets a value, with `$1` for what the pattern captures. */
export function relabel<L extends string, T extends string>(
  { expr, labels }: Vector<L>,
  { from, pattern, to, value }: { from: L; pattern: string; to: T; value: string },
): Vector<L | T> {
  return { expr: call("label_replace", expr, ...[to, value, from, pattern].map(string)), labels: [...labels, to] };
}

/** A vector multiplied by a number. */
export function scale<L extends string>(vector: Vector<L>, factor: number): Vector<L> {
  return { expr: binaryExpression(vector.expr, "*", number(factor)), labels: vector.labels };
}

/** Events per second as events per minute. */
export const perMinute = <L extends string>(rate: Vector<L>) => scale(rate, 60);

/** What is left of a share. */
export function complement<L extends string>(vector: Vector<L>): Vector<L> {
  return { expr: binaryExpression(number(1), "-", vector.expr), labels: vector.labels };
}

/** Less than one event in thirty years: prevents a division by 0. */
const IDLE_RATE = 1e-9;

/** Part divided by whole; 0, not NaN, while the whole is 0. */
export function share<L extends string>(part: Vector<L>, whole: Vector<L>): Vector<L> {
  const busy = call("clamp_min", whole.expr, number(IDLE_RATE));
  return { expr: binaryExpression(part.expr, "/", busy), labels: part.labels };
}

/** Left while right, one series without labels, is above a number. */
export const whileAbove = <L extends string>(left: Vector<L>, right: Vector, limit: number) =>
  onCondition(left, "and", right, limit);
/** Left unless right, one series without labels, is above a number. */
export const unlessAbove = <L extends string>(left: Vector<L>, right: Vector, limit: number) =>
  onCondition(left, "unless", right, limit);

function onCondition<L extends string>(
  { expr, labels }: Vector<L>,
  operator: "and" | "unless",
  right: Vector,
  limit: number,
): Vector<L> {
  return { expr: binaryExpression(expr, operator, binaryExpression(right.expr, ">", number(limit)), []), labels };
}

function binary<L extends string>(left: Vector<L>, operator: BinaryOperator, right: Vector<L>): Vector<L> {
  return { expr: binaryExpression(left.expr, operator, right.expr), labels: left.labels };
}
