import {
  ALERTS,
  type AlertName,
  alertNamed,
  annotationsOf,
  BUNDLE,
  type Bundle,
  GROUPS,
} from "@mcp-orchestrator/alerts";

export type { AlertName };

/** An alert's threshold as a panel draws it. */
export type ThresholdLine = {
  readonly alert: AlertName;
  /** In the unit of the alert's signal. */
  readonly value: number;
  readonly severity: "warning" | "critical";
};

/** The alerts that the runbook describes, in its order. */
export const RUNBOOK_ALERTS: readonly AlertName[] = (GROUPS[0]?.alerts ?? []).map(({ name }) => name);

/** Every alert that tells of something wrong; the one that always fires, to prove that alerting works, does not. */
export const ALERT_NAMES: readonly AlertName[] = ALERTS.filter(({ severity }) => severity !== "none").map(
  ({ name }) => name,
);

/** The threshold of an alert. */
export function thresholdOf(alert: AlertName): ThresholdLine {
  const { threshold, severity } = alertNamed(alert);
  return { alert, value: threshold.value, severity: severity === "critical" ? "critical" : "warning" };
}

/** Where the runbook of an alert is; undefined where no address is configured. */
export function runbookUrl(alert: AlertName, links: Bundle["links"]): string | undefined {
  return annotationsOf(alertNamed(alert), { ...BUNDLE, links }).runbook_url;
}
