import {
  ALERTS,
  type AlertName,
  alertNamed,
  annotationsOf,
  BUNDLE,
  type Bundle,
  CATALOGUE,
  DASHBOARD_UID,
  GROUPS,
  PANEL_IDS,
  withoutObjectives,
} from "@mcp-orchestrator/alerts";

export type { AlertName };

/** An alert's threshold in a panel. */
export type ThresholdLine = {
  readonly alert: AlertName;
  /** In the unit of the alert's signal. */
  readonly value: number;
  /** The healthy side of it. */
  readonly good: "below" | "above";
  readonly severity: "warning" | "critical";
};

const SEVERITIES = ["critical", "warning"];

/** Every alert except the Watchdog, the most severe first, those that page before others. */
export const ALERT_NAMES: readonly AlertName[] = ALERTS.filter(({ severity }) => SEVERITIES.includes(severity))
  .toSorted(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || Number(b.page) - Number(a.page),
  )
  .map(({ name }) => name);

/** The Watchdog: if it does not fire, no rule is evaluated, and "no alert" means nothing. */
export const ALWAYS_FIRING: AlertName = "Watchdog";

/** The threshold of an alert. */
export function thresholdOf(alert: AlertName): ThresholdLine {
  const { threshold, severity, comparator } = alertNamed(alert);
  return {
    alert,
    value: threshold.value,
    good: comparator === "<" ? "above" : "below",
    severity: severity === "critical" ? "critical" : "warning",
  };
}

/** The group of rules with which an alert is evaluated. */
export function groupOf(alert: AlertName): string {
  const group = GROUPS.find(({ alerts }) => alerts.some(({ name }) => name === alert));
  if (group === undefined) throw new RangeError(`no group has the alert ${alert}`);
  return group.name;
}

/** The groups of rules without those on error budgets, which an installation may leave out. */
export const GROUPS_OF_EVERY_INSTALLATION: readonly string[] = withoutObjectives(CATALOGUE).groups.map(
  ({ name }) => name,
);

/** The address of an alert's runbook; undefined if none is configured. */
export function runbookUrl(alert: AlertName, links: Bundle["links"]): string | undefined {
  return annotationsOf(alertNamed(alert), { ...BUNDLE, links }).runbook_url;
}

/** Number of the overview's panel with the signal of an alert. */
export function panelIdOf(alert: AlertName): number {
  return PANEL_IDS[alertNamed(alert).panel];
}

/** Address of a panel of the overview in the same Grafana. */
export function panelAddress(panelId: number | string): string {
  return `/d/${DASHBOARD_UID}?viewPanel=${panelId}`;
}

/** The same, with the reader's time range and variables. */
export function panelUrl(panelId: number | string): string {
  return `${panelAddress(panelId)}&\${__url_time_range}&\${__all_variables}`;
}
