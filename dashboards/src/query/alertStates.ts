import { type Matchers, matchersOf, selector } from "@mcp-orchestrator/alerts/promql";
import { aggregate, constant, or, scale, type Vector } from "./vector.ts";

/** What a state timeline of alerts shows, by value. */
export const ALERT_STATES = ["ok", "pending", "firing"] as const;

/** Labels of the series that Prometheus keeps for each active alert, as far as the panels use them. */
type AlertLabel = "alertname" | "alertstate" | "severity" | "queue" | "type" | "lane";
const LABELS: readonly AlertLabel[] = ["alertname", "alertstate", "severity", "queue", "type", "lane"];

/**
 * Active alerts. They carry the labels of the rule's result, which is aggregated over targets: there is no `job` or
 * `instance` to match.
 */
export function activeAlerts(names: readonly string[], state?: "pending" | "firing"): Vector<AlertLabel> {
  return alertSeries({ alertname: names, ...(state === undefined ? {} : { alertstate: state }) });
}

/** State of one alert as an index into {@link ALERT_STATES}; the worst where it is active for several label sets. */
export function alertState(name: string): Vector {
  return or(
    or(scale(worst(name, "firing"), ALERT_STATES.indexOf("firing")), worst(name, "pending")),
    constant(ALERT_STATES.indexOf("ok")),
  );
}

function worst(name: string, state: "pending" | "firing"): Vector {
  return aggregate("max", alertSeries({ alertname: name, alertstate: state }));
}

function alertSeries(matchers: Matchers<AlertLabel>): Vector<AlertLabel> {
  return { expr: selector("ALERTS", matchersOf(matchers), { writtenBy: "rules" }), labels: LABELS };
}
