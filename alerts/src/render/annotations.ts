import { BUNDLE, type Bundle } from "../bundle/index.ts";
import type { Rule } from "../catalogue/alert.ts";
import { DASHBOARD_UID, DASHBOARD_VARIABLES, PANEL_IDS, type PanelKey } from "../panels.ts";

/** Labels that describe the kind of an alert. */
const COMMON_LABELS: ReadonlySet<string> = new Set([
  "__name__",
  "alertname",
  "alertstate",
  "severity",
  "service",
  "page",
  ...Object.keys(BUNDLE.alertLabels),
]);

/** The labels that distinguish the instances of one alert. */
export function instanceOf(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !COMMON_LABELS.has(name)));
}

/**
 * Labels of every alert besides its own. No label has a value of the measure, which would make a new alert each time.
 */
export function labelsOf(alert: Rule, { alertLabels }: Pick<Bundle, "alertLabels"> = BUNDLE): Record<string, string> {
  return {
    severity: alert.severity,
    service: "mcp-orchestrator",
    ...alertLabels,
    ...(alert.page ? { page: "true" } : {}),
  };
}

/** Annotations of an alert, as templates for Prometheus. A link that is not configured is left out. */
export function annotationsOf(
  alert: Rule,
  { links, scope }: Pick<Bundle, "links" | "scope"> = BUNDLE,
): Record<string, string> {
  const installation = scope.labels.map((label) => `${label} {{ $labels.${label} }}`).join(", ");
  return {
    summary: installation === "" ? alert.summary : `${alert.summary} (${installation})`,
    description: alert.description,
    ...(links.runbooks === undefined ? {} : { runbook_url: `${links.runbooks}/${alert.name}.md` }),
    ...(links.dashboards === undefined || alert.panel === undefined
      ? {}
      : { dashboard_url: dashboardUrl(alert.panel, alert, links.dashboards, scope.labels) }),
  };
}

function dashboardUrl(panel: PanelKey, { signal }: Rule, dashboards: string, scopeLabels: readonly string[]): string {
  const own = DASHBOARD_VARIABLES.filter((name) => signal?.labels.includes(name));
  const variables = [...own, ...scopeLabels].map((name) => `&var-${name}={{ $labels.${name} | urlquery }}`);
  return `${dashboards}/d/${DASHBOARD_UID}?viewPanel=${PANEL_IDS[panel]}${variables.join("")}`;
}
