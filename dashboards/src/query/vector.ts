import {
  type AggregationOperator,
  aggregate as aggregateExpression,
  type BinaryOperator,
  binary as binaryExpression,
  call,
  type Expression,
  number,
  renderQuery,
} from "@mcp-orchestrator/alerts/promql";

/**
 * An instant vector: the PromQL that yields it and the labels that its series carry.
 *
 * The labels are part of the type, so that grouping by, or drawing a legend from, a label that the series do not have
 * fails to compile.
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
 * @param op gauges that every replica reports alike (queues, Redis) take `max`; what each process counts itself takes
 *   `sum`
 * @param by the labels to keep; none gives one series
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

/** A fixed number as a one-element vector; the other side of {@link or} where no series means a known value. */
export function constant(value: number): Vector {
  return { expr: call("vector", number(value)), labels: [] };
}

/** Left plus right, matched on the labels that both have. */
export const add = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(left, "+", right);
/** Left minus right. */
export const subtract = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(left, "-", right);
/** Left, and right where left has no such series. */
export const or = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(left, "or", right);

/** A vector multiplied by a number. */
export function scale<L extends string>(vector: Vector<L>, factor: number): Vector<L> {
  return { expr: binaryExpression(vector.expr, "*", number(factor)), labels: vector.labels };
}

/** Below one event in thirty years: only keeps an idle denominator from being 0. */
const IDLE_RATE = 1e-9;

/** Part divided by whole; 0, not NaN, while the whole is 0. */
export function share<L extends string>(part: Vector<L>, whole: Vector<L>): Vector<L> {
  const busy = call("clamp_min", whole.expr, number(IDLE_RATE));
  return { expr: binaryExpression(part.expr, "/", busy), labels: part.labels };
}

function binary<L extends string>(left: Vector<L>, operator: BinaryOperator, right: Vector<L>): Vector<L> {
  return { expr: binaryExpression(left.expr, operator, right.expr), labels: left.labels };
}
