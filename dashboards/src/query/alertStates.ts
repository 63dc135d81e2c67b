import { signalNamed } from "@mcp-orchestrator/alerts";
import { type Matchers, matchersOf, RULES_EVALUATED, selector } from "@mcp-orchestrator/alerts/promql";
import { ALWAYS_FIRING, type AlertName, GROUPS_OF_EVERY_INSTALLATION, groupOf, panelIdOf } from "../model/catalogue.ts";
import { aggregate, or, relabel, scale, unlessAbove, type Vector, whileAbove } from "./vector.ts";

/** The states in a timeline of alerts, by value. */
export const ALERT_STATES = ["ok", "pending", "firing"] as const;

/** Labels of Prometheus' series of active alerts, as far as the panels use them. */
export const ALERT_LABELS = ["alertname", "alertstate", "severity", "type", "lane", "instance"] as const;
export type AlertLabel = (typeof ALERT_LABELS)[number];

/**
 * Active alerts. They have the labels of the rule's result, which is aggregated over targets, and no `job` to match.
 */
export function activeAlerts(names: readonly string[], state?: "pending" | "firing"): Vector<AlertLabel> {
  return alertSeries({ alertname: names, ...(state === undefined ? {} : { alertstate: state }) });
}

/** Active alerts with the number of their panel as an additional label. */
export function withPanel(alerts: Vector<AlertLabel>, names: readonly AlertName[]): Vector<AlertLabel | "panel"> {
  const byPanel = [...Map.groupBy(names, panelIdOf)];
  return byPanel.reduce<Vector<AlertLabel | "panel">>(
    (inner, [id, ofPanel]) =>
      relabel(inner, { from: "alertname", pattern: ofPanel.join("|"), to: "panel", value: String(id) }),
    alerts,
  );
}

/** 0 while Prometheus evaluates these groups of rules and no rule of them fails, otherwise no sample. */
function evaluated(groups: readonly string[]): Vector {
  const markers = recorded(RULES_EVALUATED, matchersOf({ group: groups }), ["group"]);
  const found = aggregate("count", aggregate("max", markers, ["group"]));
  const watched = whileAbove(scale(worst(ALWAYS_FIRING, "firing"), 0), found, groups.length - 1);
  return unlessAbove(watched, aggregate("max", failures(groups)), 0);
}

/** Failed evaluations of rules of some groups, as they are alerted: no series if Prometheus does not scrape itself. */
function failures(groups: readonly string[]): Vector<string> {
  const { record, labels } = signalNamed("RuleEvaluationFailing");
  const value = `.*;(${groups.join("|")})`;
  return recorded(record, [{ label: "rule_group", operator: "=~", value }], labels);
}

/**
 * 0 while Prometheus evaluates every group of rules that each installation loads. Those on error budgets may be left
 * out.
 */
export const allEvaluated: Vector = evaluated(GROUPS_OF_EVERY_INSTALLATION);

/** The same for the group of one alert. */
export const evaluatedRule = (name: AlertName): Vector => evaluated([groupOf(name)]);

/**
 * State of one alert as an index into {@link ALERT_STATES}: the worst of several label sets. No sample while its rule is
 * not evaluated, or one of its group fails, since Prometheus does not say which.
 */
export function alertState(name: AlertName): Vector {
  return or(
    or(scale(worst(name, "firing"), ALERT_STATES.indexOf("firing")), worst(name, "pending")),
    evaluatedRule(name),
  );
}

function worst(name: AlertName, state: "pending" | "firing"): Vector {
  return aggregate("max", alertSeries({ alertname: name, alertstate: state }));
}

function recorded<L extends string>(
  record: string,
  matchers: Parameters<typeof selector>[1],
  labels: readonly L[],
): Vector<L> {
  return { expr: selector(record, matchers, { writtenBy: "rules" }), labels };
}

function alertSeries(matchers: Matchers<AlertLabel>): Vector<AlertLabel> {
  return recorded("ALERTS", matchersOf(matchers), ALERT_LABELS);
}
