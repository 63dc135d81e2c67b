import { BUNDLE, type Bundle } from "../bundle/index.ts";
import type { Alert } from "../catalogue/alert.ts";
import { DASHBOARD_UID, DASHBOARD_VARIABLES, PANEL_IDS } from "../panels.ts";

/** Names of the labels that say what kind of alert it is. All others tell instances of one alert apart. */
export const COMMON_LABELS: ReadonlySet<string> = new Set([
  "__name__",
  "alertname",
  "alertstate",
  "severity",
  "service",
  "page",
  ...Object.keys(BUNDLE.alertLabels),
]);

/** Labels of every alert, beside its own. No value is ever put in a label: it would make a new alert each time. */
export function labelsOf(alert: Alert, { alertLabels }: Pick<Bundle, "alertLabels"> = BUNDLE): Record<string, string> {
  return {
    severity: alert.severity,
    service: "mcp-orchestrator",
    ...alertLabels,
    ...(alert.page ? { page: "true" } : {}),
  };
}

/** Annotations of an alert, as templates that Prometheus fills in. A link that is not configured is left out. */
export function annotationsOf(
  alert: Alert,
  { links, scope }: Pick<Bundle, "links" | "scope"> = BUNDLE,
): Record<string, string> {
  const installation = scope.labels.map((label) => `${label} {{ $labels.${label} }}`).join(", ");
  return {
    summary: installation === "" ? alert.summary : `${alert.summary} (${installation})`,
    description: alert.description,
    ...(links.runbooks === undefined ? {} : { runbook_url: `${links.runbooks}/${alert.name}.md` }),
    ...(links.dashboards === undefined ? {} : { dashboard_url: dashboardUrl(alert, links.dashboards, scope.labels) }),
  };
}

function dashboardUrl(alert: Alert, dashboards: string, scopeLabels: readonly string[]): string {
  const own = DASHBOARD_VARIABLES.filter((name) => alert.signal?.labels.includes(name));
  const variables = [...own, ...scopeLabels].map((name) => `&var-${name}={{ $labels.${name} | urlquery }}`);
  return `${dashboards}/d/${DASHBOARD_UID}?viewPanel=${PANEL_IDS[alert.panel]}${variables.join("")}`;
}
