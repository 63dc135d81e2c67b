import * as promql from "@grafana/promql-builder";
import { type LabelOf, METRICS, type MetricName, type MetricNameOf } from "mcp-orchestrator/contract";
import type { Vector } from "./vector.ts";

/** What Prometheus itself adds to each scraped series. */
export type TargetLabel = "job" | "instance";

/** Values to match by label: a constant, or several of which one must match. */
type Matchers<L extends string> = { readonly [K in L]?: string | readonly string[] };

/** A range vector selector follows the step and the scrape interval, so that no window holds fewer than two samples. */
const WINDOW = "$__rate_interval";

/** Labels with a dashboard variable of the same name: each selector follows the variable unless told otherwise. */
const VARIABLE_LABELS: readonly string[] = ["type", "lane"];

/** The series of a gauge. */
export function gauge<M extends MetricNameOf<"gauge">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: selector(metric, "", matchers), labels: labelsOf(metric) };
}

/** Events per second of a counter. */
export function rate<M extends MetricNameOf<"counter">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: promql.rate(selector(metric, "", matchers).range(WINDOW)), labels: labelsOf(metric) };
}

/** How much a counter grew during each step. */
export function increase<M extends MetricNameOf<"counter">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: promql.increase(selector(metric, "", matchers).range(WINDOW)), labels: labelsOf(metric) };
}

/** Observations per second in each bucket of a histogram. */
export function buckets<M extends MetricNameOf<"histogram">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel | "le"> {
  const expr = promql.rate(selector(metric, "_bucket", matchers).range(WINDOW));
  return { expr, labels: [...labelsOf(metric), "le"] };
}

/** Sum of a histogram's observations, per second. */
export function histogramSum<M extends MetricNameOf<"histogram">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: promql.rate(selector(metric, "_sum", matchers).range(WINDOW)), labels: labelsOf(metric) };
}

/** `label_values(metric, label)`: the query of a dashboard variable. */
export function labelValues<M extends MetricName>(
  metric: M,
  label: LabelOf<M> | TargetLabel,
  follow: readonly TargetLabel[] = [],
): string {
  const vector = new promql.VectorExprBuilder().metric(metric);
  for (const name of follow) vector.labelMatchRegexp(name, `$${name}`);
  return `label_values(${promql.toString(vector.build())}, ${label})`;
}

/** Labels of a metric with those of its target. */
export function labelsOf<M extends MetricName>(metric: M): (LabelOf<M> | TargetLabel)[] {
  return [...(METRICS[metric].labels as readonly LabelOf<M>[]), "job", "instance"];
}

function selector(
  metric: MetricName,
  suffix: string,
  matchers: Readonly<Record<string, string | readonly string[] | undefined>>,
): promql.VectorExprBuilder {
  const vector = targetSelector(`${metric}${suffix}`);
  for (const label of METRICS[metric].labels) {
    const wanted = matchers[label];
    if (typeof wanted === "string") vector.label(label, wanted);
    else if (wanted !== undefined) vector.labelMatchRegexp(label, wanted.join("|"));
    else if (VARIABLE_LABELS.includes(label)) vector.labelMatchRegexp(label, `$${label}`);
  }
  return vector;
}

/** A selector that follows the variables job and instance, as every query of a dashboard must. */
export function targetSelector(name: string): promql.VectorExprBuilder {
  return new promql.VectorExprBuilder()
    .metric(name)
    .labelMatchRegexp("job", "$job")
    .labelMatchRegexp("instance", "$instance");
}
