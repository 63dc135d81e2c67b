import { type Matcher, type Selector, selector } from "./expression.ts";

/** Series of Prometheus and Alertmanager about themselves, as far as rules and panels use them, with their labels. */
export const ALERTING_METRICS = {
  prometheus_config_last_reload_successful: { type: "gauge", labels: [] },
  prometheus_rule_group_last_duration_seconds: { type: "gauge", labels: ["rule_group"] },
  prometheus_rule_group_interval_seconds: { type: "gauge", labels: ["rule_group"] },
  prometheus_rule_evaluation_failures_total: { type: "counter", labels: ["rule_group"] },
  prometheus_notifications_sent_total: { type: "counter", labels: ["alertmanager"] },
  prometheus_notifications_errors_total: { type: "counter", labels: ["alertmanager"] },
  prometheus_notifications_dropped_total: { type: "counter", labels: [] },
  alertmanager_config_last_reload_successful: { type: "gauge", labels: [] },
  alertmanager_alerts: { type: "gauge", labels: ["state"] },
  alertmanager_notifications_total: { type: "counter", labels: ["integration"] },
  alertmanager_notifications_failed_total: { type: "counter", labels: ["integration"] },
} as const satisfies Record<string, { type: "gauge" | "counter"; labels: readonly string[] }>;

/** Name of a metric of Prometheus or Alertmanager about itself. */
export type AlertingMetric = keyof typeof ALERTING_METRICS;

/** The groups of this service's rules: Prometheus names a group by its file and its name. */
export const OWN_RULE_GROUPS: readonly Matcher[] = [
  { label: "rule_group", operator: "=~", value: ".*;mcp-orchestrator.*" },
];

/** True of a metric that Prometheus or Alertmanager exposes about itself: it is of no job and no installation of the service's. */
export function isAlertingMetric(name: string): name is AlertingMetric {
  return name in ALERTING_METRICS;
}

/** The series of one of them, now or over a window in milliseconds. */
export function alertingSeries(metric: AlertingMetric, matchers: readonly Matcher[] = [], range?: number): Selector {
  return selector(metric, matchers, range === undefined ? {} : { range });
}
