import { PrometheusRule, ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { formatDuration, JOB, type Links, PRODUCTION, ruleFile } from "@mcp-orchestrator/alerts";
import { HTTP_PORT_NAME, LABELS, NAME, NAMESPACE, SELECTOR_LABELS } from "./names.ts";

/** Scrapes all replicas through the service, whose name becomes the label `job` that rules and dashboards match. */
export const serviceMonitor = new ServiceMonitor({
  metadata: { name: NAME, labels: LABELS },
  spec: {
    selector: { matchLabels: SELECTOR_LABELS },
    endpoints: [
      {
        port: HTTP_PORT_NAME,
        path: "/metrics",
        interval: formatDuration(PRODUCTION.prometheus.scrapeIntervalMs),
        scrapeTimeout: formatDuration(PRODUCTION.prometheus.scrapeTimeoutMs),
        relabelings: [{ action: "replace", targetLabel: "job", replacement: JOB }],
      },
    ],
  },
});

/**
 * The rules of the catalogue. Prometheus aggregates the label `namespace` away, and the operator makes a receiver of an
 * AlertmanagerConfig match only alerts of its namespace: the rules put it back, or nobody would be notified.
 */
export function prometheusRule(links?: Links): PrometheusRule {
  const groups = ruleFile(PRODUCTION, links).groups.map(({ name, interval, rules }) => ({
    name,
    interval,
    rules: rules.map((rule) =>
      "alert" in rule
        ? { ...rule, labels: { ...rule.labels, namespace: NAMESPACE }, annotations: { ...rule.annotations } }
        : { ...rule },
    ),
  }));
  return new PrometheusRule({ metadata: { name: NAME, labels: LABELS }, spec: { groups } });
}
