import { ALERTING_METRICS, type AlertingMetric, call, type Matcher, selector } from "@mcp-orchestrator/alerts/promql";
import { relabel, type Vector } from "./vector.ts";

type Of<K extends "gauge" | "counter"> = {
  [M in AlertingMetric]: (typeof ALERTING_METRICS)[M]["type"] extends K ? M : never;
}[AlertingMetric];
type LabelOf<M extends AlertingMetric> = (typeof ALERTING_METRICS)[M]["labels"][number] | "job" | "instance";

/** A gauge of every scraped Prometheus and Alertmanager. They do not belong to the service's job. */
export function alertingGauge<M extends Of<"gauge">>(metric: M, matchers: readonly Matcher[] = []): Vector<LabelOf<M>> {
  return { expr: selector(metric, matchers), labels: labelsOf(metric) };
}

/** Increase per second of one of their counters. */
export function alertingRate<M extends Of<"counter">>(
  metric: M,
  matchers: readonly Matcher[] = [],
): Vector<LabelOf<M>> {
  return { expr: call("rate", selector(metric, matchers, { range: "$__rate_interval" })), labels: labelsOf(metric) };
}

/** Series by rule group, with the group's own name in `group`: Prometheus names it by its file too, which is long. */
export function byGroupName<L extends string>(vector: Vector<L | "rule_group">): Vector<L | "rule_group" | "group"> {
  return relabel(vector, { from: "rule_group", pattern: ".*;(.+)", to: "group", value: "$1" });
}

function labelsOf<M extends AlertingMetric>(metric: M): LabelOf<M>[] {
  return [...ALERTING_METRICS[metric].labels, "job", "instance"];
}
