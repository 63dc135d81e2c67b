import {
  call,
  type Matchers,
  matchersOf,
  renderQuery,
  type Selector,
  selector as seriesOf,
} from "@mcp-orchestrator/alerts/promql";
import { type LabelOf, METRICS, type MetricName, type MetricNameOf } from "mcp-orchestrator/contract";
import type { Vector } from "./vector.ts";

/** What Prometheus itself adds to each scraped series. */
export type TargetLabel = "job" | "instance";

/** A range vector selector follows the step and the scrape interval, so that no window holds fewer than two samples. */
const WINDOW = "$__rate_interval";

/** Labels with a dashboard variable of the same name: each selector follows the variable by default. */
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
  return { expr: call("rate", selector(metric, "", matchers, WINDOW)), labels: labelsOf(metric) };
}

/** How much a counter grew during each step. */
export function increase<M extends MetricNameOf<"counter">>(
  metric: M,
  matchers: Matchers<LabelOf<M>> = {},
): Vector<LabelOf<M> | TargetLabel> {
  return { expr: call("increase", selector(metric, "", matchers, WINDOW)), labels: labelsOf(metric) };
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
  follow: readonly TargetLabel[] = [],
): string {
  return labelValuesQuery(metric, label, follow);
}

/** The same for a label that tells installations apart; the bundle says which labels do. */
export function scopeLabelValues(label: string, follow: readonly string[]): string {
  return labelValuesQuery("mcp_build_info", label, follow);
}

function labelValuesQuery(metric: MetricName, label: string, follow: readonly string[]): string {
  const matchers = follow.map((name) => [name, [`$${name}`]]);
  return `label_values(${renderQuery(seriesOf(metric, matchersOf(Object.fromEntries(matchers))))}, ${label})`;
}

/** Labels of a metric with those of its target. */
export function labelsOf<M extends MetricName>(metric: M): (LabelOf<M> | TargetLabel)[] {
  return [...(METRICS[metric].labels as readonly LabelOf<M>[]), "job", "instance"];
}

function selector(
  metric: MetricName,
  suffix: string,
  matchers: Readonly<Record<string, string | readonly string[] | undefined>>,
  range?: typeof WINDOW,
): Selector {
  const own = METRICS[metric].labels.map((label) => [
    label,
    matchers[label] ?? (VARIABLE_LABELS.includes(label) ? [`$${label}`] : undefined),
  ]);
  return targetSelector(`${metric}${suffix}`, Object.fromEntries(own), range);
}

/** A selector that follows the variables job and instance, as every query of a dashboard must. */
export function targetSelector(
  name: string,
  own: Parameters<typeof matchersOf>[0] = {},
  range?: typeof WINDOW,
): Selector {
  const matchers = matchersOf({ job: ["$job"], instance: ["$instance"], ...own });
  return seriesOf(name, matchers, range === undefined ? {} : { range });
}
