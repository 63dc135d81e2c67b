import {
  call,
  type Matchers,
  matchersOf,
  renderQuery,
  type Selector,
  selector as seriesOf,
} from "@mcp-orchestrator/alerts/promql";
import { type LabelOf, METRICS, type MetricName, type MetricNameOf } from "mcp-orchestrator/contract";
import { aggregate, type Vector, whileAbove } from "./vector.ts";

/** Labels that Prometheus adds to each scraped series. */
export type TargetLabel = "job" | "instance";

/** The window of a rate. It depends on step and scrape interval, so that it has at least two samples. */
const WINDOW = "$__rate_interval";
/** The step as the window of a count, so that no event is counted twice. */
const STEP = "$__interval";

/** Labels with a dashboard variable of the same name: each selector follows the variable by default. */
const VARIABLE_LABELS: readonly string[] = ["type", "lane"];
const TARGET_LABELS: readonly TargetLabel[] = ["job", "instance"];

/** The series of a gauge. */
export function gauge<M extends MetricNameOf<"gauge">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: selector(metric, "", matchers), labels: labelsOf(metric) };
}

/** A vector while a replica can read the state of all queues. Without it, the maximum would miss some queues. */
export function whileKnown<L extends string>(vector: Vector<L>): Vector<L> {
  return whileAbove(vector, aggregate("max", gauge("mcp_redis_state_known")), 0);
}

/** Events per second of a counter. */
export function rate<M extends MetricNameOf<"counter">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: call("rate", selector(metric, "", matchers, WINDOW)), labels: labelsOf(metric) };
}

/** Increase of a counter in each step; the panel's smallest step is several scrapes long. */
export function increase<M extends MetricNameOf<"counter">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: call("increase", selector(metric, "", matchers, STEP)), labels: labelsOf(metric) };
}

/** Observations per second in each bucket of a histogram. */
export function buckets<M extends MetricNameOf<"histogram">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel | "le"> {
  const expr = call("rate", selector(metric, "_bucket", matchers, WINDOW));
  return { expr, labels: [...labelsOf(metric), "le"] };
}

/** Sum of a histogram's observations, per second. */
export function histogramSum<M extends MetricNameOf<"histogram">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: call("rate", selector(metric, "_sum", matchers, WINDOW)), labels: labelsOf(metric) };
}

/** `label_values(metric, label)`: the query of a dashboard variable. */
export function labelValues<M extends MetricName>(
  metric: M,
  label: LabelOf<M> | TargetLabel,
  follow: readonly string[] = [],
): string {
  return labelValuesQuery(metric, label, follow);
}

/** The same for a scope label of the bundle. */
export function scopeLabelValues(label: string, follow: readonly string[]): string {
  return labelValuesQuery("mcp_build_info", label, follow);
}

function labelValuesQuery(metric: MetricName, label: string, follow: readonly string[]): string {
  const matchers = follow.map((name) => [name, [`$${name}`]]);
  return `label_values(${renderQuery(seriesOf(metric, matchersOf(Object.fromEntries(matchers))))}, ${label})`;
}

/** Labels of a metric with those of its target. */
export function labelsOf<M extends MetricName>(metric: M): (LabelOf<M> | TargetLabel)[] {
  return [...(METRICS[metric].labels as readonly LabelOf<M>[]), ...TARGET_LABELS];
}

/** Matchers with the variables that have the names of these labels. */
export function followedVariables(labels: readonly string[]): ReturnType<typeof matchersOf> {
  const followed = [...TARGET_LABELS, ...VARIABLE_LABELS].filter((label) => labels.includes(label));
  return matchersOf(Object.fromEntries(followed.map((label) => [label, [`$${label}`]])));
}

function selector(
  metric: MetricName,
  suffix: string,
  matchers: Readonly<Record<string, string | readonly string[] | undefined>>,
  range?: typeof WINDOW | typeof STEP,
): Selector {
  const own = METRICS[metric].labels.map((label) => [
    label,
    matchers[label] ?? (VARIABLE_LABELS.includes(label) ? [`$${label}`] : undefined),
  ]);
  return targetSelector(`${metric}${suffix}`, Object.fromEntries(own), range);
}

/** A selector with the variables job and instance, which every query of a dashboard must have. */
export function targetSelector(
  name: string,
  own: Parameters<typeof matchersOf>[0] = {},
  range?: typeof WINDOW | typeof STEP,
): Selector {
  const matchers = matchersOf({ job: ["$job"], instance: ["$instance"], ...own });
  return seriesOf(name, matchers, range === undefined ? {} : { range });
}
