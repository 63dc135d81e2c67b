import * as promql from "@grafana/promql-builder";

type Builder = { build(): promql.Expr };

/**
 * An instant vector: the PromQL that yields it and the labels that its series carry.
 *
 * The labels are part of the type, so that grouping by, or drawing a legend from, a label that the series do not have
 * fails to compile.
 */
export type Vector<L extends string = never> = {
  readonly expr: Builder;
  readonly labels: readonly L[];
};

/** The PromQL text of a vector. */
export function text(vector: Vector<string>): string {
  return promql.toString(vector.expr.build());
}

const AGGREGATIONS = { sum: promql.sum, max: promql.max, min: promql.min, count: promql.count } as const;

/**
 * Aggregates series.
 *
 * @param op gauges that every replica reports alike (queues, Redis) take `max`; what each process counts itself takes
 *   `sum`
 * @param by the labels to keep; none gives one series
 */
export function aggregate<L extends string, K extends L = never>(
  op: keyof typeof AGGREGATIONS,
  vector: Vector<L>,
  by: readonly K[] = [],
): Vector<K> {
  const expr = AGGREGATIONS[op](vector.expr);
  return { expr: by.length === 0 ? expr : expr.by([...by]), labels: by };
}

/** The quantile (0 to 1) of a vector of histogram buckets. */
export function quantile<L extends string>(q: number, buckets: Vector<L | "le">): Vector<Exclude<L, "le">> {
  const labels = buckets.labels.filter((label): label is Exclude<L, "le"> => label !== "le");
  return { expr: promql.histogramQuantile(q, buckets.expr), labels };
}

/** A fixed number as a one-element vector; the other side of {@link or} where no series means a known value. */
export function constant(value: number): Vector {
  return { expr: new promql.FuncCallExprBuilder().functionVal("vector").arg(promql.n(value)), labels: [] };
}

/** Left plus right, matched on the labels that both have. */
export const add = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(promql.add, left, right);
/** Left minus right. */
export const subtract = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(promql.sub, left, right);
/** Left, and right where left has no such series. */
export const or = <L extends string>(left: Vector<L>, right: Vector<L>) => binary(promql.or, left, right);

/** A vector multiplied by a number. */
export function scale<L extends string>(vector: Vector<L>, factor: number): Vector<L> {
  return { expr: promql.mul(vector.expr, promql.n(factor)), labels: vector.labels };
}

/** Below one event in thirty years: only keeps an idle denominator from being 0. */
const IDLE_RATE = 1e-9;

/** Part divided by whole; 0, not NaN, while the whole is 0. */
export function share<L extends string>(part: Vector<L>, whole: Vector<L>): Vector<L> {
  return { expr: promql.div(part.expr, promql.clampMin(whole.expr, IDLE_RATE)), labels: part.labels };
}

/** One minus the vector: a share of failures as a share of successes. */
export function complement<L extends string>(vector: Vector<L>): Vector<L> {
  return { expr: promql.sub(promql.n(1), vector.expr), labels: vector.labels };
}

function binary<L extends string>(
  op: (left: Builder, right: Builder) => Builder,
  left: Vector<L>,
  right: Vector<L>,
): Vector<L> {
  return { expr: op(left.expr, right.expr), labels: left.labels };
}
