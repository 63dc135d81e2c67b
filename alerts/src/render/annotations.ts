import { LINKS } from "../../links.ts";
import type { Alert } from "../catalogue/alert.ts";
import { DASHBOARD_UID, DASHBOARD_VARIABLES, PANEL_IDS } from "../panels.ts";

/** Addresses that the links of a notification start with. */
export type Links = { readonly grafanaUrl: string; readonly runbooksUrl: string };

/** Labels of every alert, beside its own. No value is ever put in a label: it would make a new alert each time. */
export function labelsOf(alert: Alert): Record<string, string> {
  return {
    severity: alert.severity,
    service: "mcp-orchestrator",
    team: "platform",
    ...(alert.page ? { page: "true" } : {}),
  };
}

/** Annotations of an alert, as templates that Prometheus fills in. */
export function annotationsOf(alert: Alert, links: Links = LINKS): Record<string, string> {
  return {
    summary: alert.summary,
    description: alert.description,
    runbook_url: `${links.runbooksUrl}/${alert.name}.md`,
    dashboard_url: dashboardUrl(alert, links),
  };
}

function dashboardUrl(alert: Alert, links: Links): string {
  const variables = DASHBOARD_VARIABLES.filter((name) => alert.signal?.labels.includes(name)).map(
    (name) => `&var-${name}={{ $labels.${name} | urlquery }}`,
  );
  return `${links.grafanaUrl}/d/${DASHBOARD_UID}?viewPanel=${PANEL_IDS[alert.panel]}${variables.join("")}`;
}
