import type { Bundle } from "../bundle/index.ts";
import type { Aggregation, Expression, Matcher, Selector } from "../promql/expression.ts";
import { renderQuery } from "../promql/render.ts";
import { formatDuration } from "../timing.ts";
import { calculated, compare, hull, isComparison, isShare, narrowed, SHARE } from "./bounds.ts";
import { type Bounds, LABEL_VALUES, metricFacts, NOT_NEGATIVE, UNBOUNDED } from "./metrics.ts";

/** What the samples of an expression look like, whatever the data. */
export type Shape = {
  readonly kind: "scalar" | "vector";
  /** Labels that every sample has. */
  readonly certain: ReadonlySet<string>;
  /** Labels that a sample can have. */
  readonly possible: ReadonlySet<string>;
  readonly bounds: Bounds;
  /** True if it only grows and starts from 0 at a restart. */
  readonly counter: boolean;
  /** Time between two samples, if it is not that of scrapes. */
  readonly intervalMs?: number;
  /** Finite bucket bounds, of a histogram. */
  readonly buckets?: readonly number[];
  /** True if some data gives it no sample: it is compared with something, or is about absence. */
  readonly conditional: boolean;
};

/** The checks. Each has an example in the tests that breaks it. */
export type Check = "counter" | "labels" | "scope" | "comparison" | "selector" | "template" | "link" | "cost";

export type ShapeContext = {
  readonly bundle: Bundle;
  /** Shapes of what is recorded before. */
  readonly recorded: ReadonlyMap<string, Shape>;
  /** Labels of every alert, by name. */
  readonly alertLabels: ReadonlyMap<string, readonly string[]>;
  readonly scrapeIntervalMs: number;
  readonly report: (check: Check, message: string) => void;
  /** Adds to the samples that one evaluation reads. */
  readonly read: (samples: number) => void;
};

/** Scrapes that a window of a counter holds at least: with fewer, one missed scrape empties it. */
const SCRAPES_PER_WINDOW = 4;
/** Replicas for which costs are estimated. */
const REPLICAS = 10;

const GROWTH = ["rate", "irate", "increase", "resets"];
/** Functions of a gauge over a window whose result lies within its bounds. */
const OVER_TIME = ["max_over_time", "min_over_time", "avg_over_time"];

/** Infers the shape of an expression, and reports what is wrong inside it. */
export function shapeOf(expression: Expression, context: ShapeContext): Shape {
  switch (expression.kind) {
    case "number":
      return { ...NOTHING, kind: "scalar", bounds: { low: expression.value, high: expression.value } };
    case "string":
      return { ...NOTHING, kind: "scalar" };
    case "selector":
      return ofSelector(expression, context);
    case "call":
      return ofCall(expression, context);
    case "aggregation":
      return ofAggregation(expression, context);
    case "binary":
      return ofBinary(expression, context);
  }
}

/** The expression on one line, for messages. */
export function textOf(expression: Expression): string {
  const text = renderQuery(expression).replaceAll(/\s+/g, " ");
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

const NOTHING: Shape = {
  kind: "vector",
  certain: new Set(),
  possible: new Set(),
  bounds: UNBOUNDED,
  counter: false,
  conditional: false,
};

function vector(certain: readonly string[], bounds: Bounds, optional: readonly string[] = []): Shape {
  const surely = certain.filter((label) => !optional.includes(label));
  return { ...NOTHING, certain: new Set(surely), possible: new Set(certain), bounds };
}

function ofSelector(selector: Selector, context: ShapeContext): Shape {
  const { metric, matchers, range, writtenBy } = selector;
  const shape = ofMetric(selector, context);
  if (shape === undefined) {
    const why = writtenBy === "rules" ? "nothing records it before" : "the metric contract does not have it";
    context.report("selector", `reads ${metric}, but ${why}`);
    return NOTHING;
  }
  for (const matcher of matchers) checkMatcher(selector, matcher, shape, context);
  const intervalMs = shape.intervalMs ?? context.scrapeIntervalMs;
  if (typeof range === "number") {
    const least = SCRAPES_PER_WINDOW * intervalMs;
    if (range < least) {
      const why = `holds fewer than ${SCRAPES_PER_WINDOW} scrapes: one that is missed empties it`;
      context.report(
        "cost",
        `the window ${formatDuration(range)} of ${metric} ${why}; take ${formatDuration(least)} or more`,
      );
    }
  }
  context.read(seriesOf(selector, shape) * (typeof range === "number" ? range / intervalMs : 1));
  return shape;
}

function ofMetric({ metric, matchers, writtenBy }: Selector, context: ShapeContext): Shape | undefined {
  const { scope, selector: own } = context.bundle;
  if (metric === "ALERTS") {
    const names = matchers.find(({ label }) => label === "alertname")?.value.split("|") ?? [];
    const each = names.map((name) => context.alertLabels.get(name));
    if (each.length === 0 || each.includes(undefined)) return undefined;
    const labels = [...new Set(each.flatMap((one) => one ?? []))];
    const notAll = labels.filter((label) => !each.every((one) => one?.includes(label)));
    const always = ["alertname", "alertstate", "severity", "service", ...Object.keys(context.bundle.alertLabels)];
    return vector([...always, "page", ...labels], { low: 1, high: 1 }, ["page", ...notAll]);
  }
  if (writtenBy === "rules") return context.recorded.get(metric);
  const facts = metricFacts(metric);
  if (facts === undefined) return undefined;
  const ofTarget = ["job", "instance", ...Object.keys(own), ...scope.labels, ...scope.replicaLabels];
  return {
    ...vector([...facts.labels, ...ofTarget], facts.bounds, facts.optionalLabels),
    counter: facts.counter,
    ...(facts.buckets === undefined ? {} : { buckets: facts.buckets }),
  };
}

function checkMatcher(
  selector: Selector,
  { label, operator, value }: Matcher,
  shape: Shape,
  context: ShapeContext,
): void {
  const text = `${label}${operator}${JSON.stringify(value)}`;
  if (!shape.possible.has(label)) {
    context.report("selector", `${text} matches no series: ${selector.metric} has no label ${label}`);
    return;
  }
  if (operator === "=~" && new RegExp(`^(?:${value})$`).test("")) {
    context.report("selector", `${text} of ${selector.metric} also matches series without the label: name the values`);
  }
  const known = label === "le" ? boundsOf(shape) : LABEL_VALUES[label];
  // Operators add types of their own, and a pattern names no values.
  if (known === undefined || label === "type" || (operator === "=~" && !/^[\w.+-]+(\|[\w.+-]+)*$/.test(value))) return;
  for (const one of operator === "=" ? [value] : value.split("|")) {
    if (!known.includes(one)) {
      context.report("selector", `${text} matches no series: ${label} is one of ${known.join(", ")}`);
    }
  }
}

function boundsOf({ buckets = [] }: Shape): readonly string[] {
  return ["+Inf", ...buckets.flatMap((bound) => [String(bound), `${bound}.0`])];
}

/** How many series a selector reads at most, with the values that the contract lists and ten replicas. */
function seriesOf({ matchers }: Selector, { possible, buckets = [] }: Shape): number {
  return [...possible].reduce((count, label) => {
    const matcher = matchers.find((each) => each.label === label);
    if (matcher !== undefined) return count * matcher.value.split("|").length;
    if (label === "instance") return count * REPLICAS;
    if (label === "le") return count * (buckets.length + 1);
    // The cause implies the outcome. A label without a list has one value, or follows from others like the queue.
    if (label === "outcome" && possible.has("cause")) return count;
    return count * new Set(LABEL_VALUES[label] ?? [""]).size;
  }, 1);
}

function ofCall(expression: Extract<Expression, { kind: "call" }>, context: ShapeContext): Shape {
  const { name, args } = expression;
  const shapes = args.map((arg) => shapeOf(arg, context));
  const shape = shapes.find(({ kind }) => kind === "vector") ?? NOTHING;
  const plain = { ...shape, counter: false };
  if (GROWTH.includes(name)) {
    if (!shape.counter) {
      context.report("counter", `${textOf(expression)} takes a gauge: use delta, deriv or the value itself`);
    }
    return { ...plain, bounds: NOT_NEGATIVE };
  }
  if (name === "last_over_time") return shape;
  if (name === "histogram_quantile") {
    if (!shape.certain.has("le")) {
      context.report(
        "labels",
        `${textOf(expression)} has no label le left to compute a quantile from: add it to by (...)`,
      );
    }
    const without = (labels: ReadonlySet<string>) => new Set([...labels].filter((label) => label !== "le"));
    const { buckets, ...rest } = plain;
    const bounds = { low: 0, high: Math.max(0, ...(buckets ?? [Number.POSITIVE_INFINITY])) };
    return { ...rest, certain: without(rest.certain), possible: without(rest.possible), bounds };
  }
  if (name === "absent") {
    const [argument] = args;
    const equal = argument?.kind === "selector" ? argument.matchers.filter(({ operator }) => operator === "=") : [];
    return {
      ...vector(
        equal.map(({ label }) => label),
        { low: 1, high: 1 },
      ),
      conditional: true,
    };
  }
  if (name === "vector") return { ...NOTHING, bounds: shapes[0]?.bounds ?? UNBOUNDED };
  useAsGauge(shape, expression, context);
  if (name === "abs") {
    const { low, high } = shape.bounds;
    return { ...plain, bounds: { low: low > 0 ? low : 0, high: Math.max(Math.abs(low), Math.abs(high)) } };
  }
  return OVER_TIME.includes(name) ? plain : { ...plain, bounds: UNBOUNDED };
}

/** A counter as it is starts from 0 at every restart. */
function useAsGauge({ counter }: Shape, expression: Expression, { report }: ShapeContext): void {
  if (counter) report("counter", `${textOf(expression)} uses a counter as it is: take rate or increase of it first`);
}

function ofAggregation(expression: Aggregation, context: ShapeContext): Shape {
  const { operator, operand } = expression;
  const shape = shapeOf(operand, context);
  if (operator !== "count" && shape.counter && !("without" in expression)) {
    context.report(
      "counter",
      `${textOf(expression)} adds up counters before their rate: a restart of one looks like growth of all`,
    );
  }
  const bounds =
    operator === "sum" ? summed(shape.bounds) : operator === "count" ? { ...NOT_NEGATIVE, low: 1 } : shape.bounds;
  if ("without" in expression) {
    const kept = (labels: ReadonlySet<string>) =>
      new Set([...labels].filter((label) => !expression.without.includes(label)));
    return { ...shape, certain: kept(shape.certain), possible: kept(shape.possible), bounds };
  }
  for (const label of expression.by.filter((each) => !shape.possible.has(each))) {
    context.report(
      "labels",
      `${textOf(expression)} groups by ${label}, which nothing in it has: remove it, or keep it inside`,
    );
  }
  const kept = (labels: ReadonlySet<string>) => new Set(expression.by.filter((label) => labels.has(label)));
  return { ...shape, certain: kept(shape.certain), possible: kept(shape.possible), bounds, counter: false };
}

function summed({ low, high }: Bounds): Bounds {
  return {
    low: low < 0 ? Number.NEGATIVE_INFINITY : low,
    high: high > 0 ? Number.POSITIVE_INFINITY : high,
  };
}

function ofBinary(expression: Extract<Expression, { kind: "binary" }>, context: ShapeContext): Shape {
  const { operator, left: one, right: other, on } = expression;
  const [left, right] = [shapeOf(one, context), shapeOf(other, context)];
  const isSet = operator === "and" || operator === "or" || operator === "unless";
  if (!isSet) for (const side of [left, right]) useAsGauge(side, expression, context);
  if (operator === "or") {
    return {
      ...left,
      certain: new Set([...left.certain].filter((label) => right.certain.has(label))),
      possible: new Set([...left.possible, ...right.possible]),
      bounds: hull(left.bounds, right.bounds),
      counter: left.counter || right.counter,
      conditional: left.conditional && right.conditional,
    };
  }
  if (left.kind === "vector" && right.kind === "vector") checkMatching(expression, left, right, context);
  if (isSet) return { ...left, conditional: left.conditional || operator === "unless" || right.conditional };
  const base = left.kind === "vector" ? left : right;
  const kept =
    on === undefined || left.kind === "scalar" || right.kind === "scalar" ? base : { ...base, ...labelled(on) };
  if (isComparison(operator)) {
    const result = { ...kept, counter: false, conditional: true };
    if (right.kind !== "scalar") return result;
    const limit = right.bounds.low;
    const verdict = compare(operator, left.bounds, limit);
    if (verdict !== "sometimes") {
      const { low, high } = left.bounds;
      context.report(
        "comparison",
        `${textOf(expression)} is ${verdict} true: the left side is from ${low} to ${high}; correct the number or the operator`,
      );
    }
    return { ...result, bounds: narrowed(operator, left.bounds, limit) };
  }
  const bounds = operator === "/" && isShare(one, other) ? SHARE : calculated(operator, left.bounds, right.bounds);
  return { ...kept, counter: false, bounds, conditional: left.conditional || right.conditional };
}

function labelled(labels: readonly string[]): Pick<Shape, "certain" | "possible"> {
  return { certain: new Set(labels), possible: new Set(labels) };
}

/** Two sides match only where the labels of the matching are on both, and one value of them is one sample. */
function checkMatching(
  expression: Extract<Expression, { kind: "binary" }>,
  left: Shape,
  right: Shape,
  { report }: ShapeContext,
): void {
  const { operator, on } = expression;
  if (on === undefined) {
    const lone = [...only(left, right), ...only(right, left)];
    if (lone.length > 0) {
      report(
        "labels",
        `${textOf(expression)} never matches: one side alone has ${lone.join(", ")}; add on (...) or drop them`,
      );
    }
    return;
  }
  for (const label of on) {
    if (!left.possible.has(label) || !right.possible.has(label)) {
      report("labels", `${textOf(expression)} matches on ${label}, which one side has dropped: keep it there`);
    }
  }
  if (operator === "and" || operator === "unless") return;
  const spare = [...left.certain, ...right.certain].filter((label) => !on.includes(label));
  if (spare.length > 0) {
    report(
      "labels",
      `${textOf(expression)} drops ${spare.join(", ")}, so that several samples match one: aggregate first`,
    );
  }
}

/** Labels that every sample of one has and no sample of the other. */
function only(one: Shape, other: Shape): string[] {
  return [...one.certain].filter((label) => !other.possible.has(label));
}
