import { PrometheusRule, ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { BUNDLE, buildCatalogue, formatDuration, PRODUCTION, ruleFile } from "@mcp-orchestrator/alerts";
import { CLUSTER_BUNDLE } from "./bundle.ts";
import { HTTP_PORT_NAME, LABELS, NAME, SELECTOR_LABELS } from "./names.ts";

/** Scrapes all replicas through the service, whose name becomes the label `job` of rules and dashboards. */
export const serviceMonitor = new ServiceMonitor({
  metadata: { name: NAME, labels: { ...LABELS, ...BUNDLE.kubernetes.monitorLabels } },
  spec: {
    selector: { matchLabels: SELECTOR_LABELS },
    endpoints: [
      {
        port: HTTP_PORT_NAME,
        path: "/metrics",
        interval: formatDuration(PRODUCTION.prometheus.scrapeIntervalMs),
        scrapeTimeout: formatDuration(PRODUCTION.prometheus.scrapeTimeoutMs),
        relabelings: [{ action: "replace", targetLabel: "job", replacement: BUNDLE.job }],
      },
    ],
  },
});

/** The rules of the catalogue. Alerts keep the label `namespace` of their targets, which selects the receiver. */
export function prometheusRule(bundle = CLUSTER_BUNDLE): PrometheusRule {
  const groups = ruleFile(PRODUCTION, buildCatalogue(bundle)).groups.map(({ name, interval, rules }) => ({
    name,
    interval,
    rules: rules.map((rule) => structuredClone(rule)),
  }));
  const labels = { ...LABELS, ...bundle.kubernetes.ruleLabels };
  return new PrometheusRule({ metadata: { name: NAME, labels }, spec: { groups: groups as never } });
}
