import { ALERT_NAMES } from "../model/catalogue.ts";
import { SEVERITY_COLORS, zeroIsGood } from "../model/levels.ts";
import type { PanelSpec, State, Words } from "../model/panel.ts";
import { ALERT_LABELS, ALERT_STATES, activeAlerts, alertState, allEvaluated, withPanel } from "../query/alertStates.ts";
import { aggregate, NOTHING, or } from "../query/vector.ts";

const STATE_COLORS = { ok: "green", pending: "yellow", firing: "red" } as const;
const STATES = ALERT_STATES.map((text): State => ({ text, color: STATE_COLORS[text] }));
const SEVERITIES: Words = Object.fromEntries(
  Object.entries(SEVERITY_COLORS).map(([text, color]) => [text, { text, color }]),
);

const firing = or(aggregate("count", activeAlerts(ALERT_NAMES, "firing")), allEvaluated);

/** States of the alerts, now and over time. */
export const alerts = {
  firing: {
    key: "alerts-firing",
    kind: "stat",
    title: "Alerts firing",
    meaning:
      "Alerts that fire now, over all queues and types. No data: none fires among the rules that Prometheus evaluates, but it does not evaluate all groups, or a rule fails. The rules on error budgets count where they are loaded.",
    good: "0. Otherwise the timeline and the table below show which; each links to its runbook and its panel.",
    runbooks: ["NoActiveWorkers"],
    unit: "short",
    min: 0,
    now: or(firing, NOTHING),
    course: firing,
    levels: zeroIsGood("red"),
  },
  timeline: {
    key: "alert-states",
    kind: "state-timeline",
    title: "State of the alerts",
    meaning:
      "State of each alert over time, the most severe first; the worst one where an alert is active for several queues or types. A gap, or no row at all: Prometheus did not evaluate the rules of its group, or one of them failed, so its state is unknown.",
    good: "All rows ok. A pending row is over its threshold, but not yet long enough to fire. A click on a row leads to its runbook and its panel.",
    runbooks: ["NoActiveWorkers"],
    unit: "short",
    series: ALERT_NAMES.map((name) => ({ query: alertState(name), legend: name })),
    states: STATES,
    linksTo: "alert",
  },
  active: {
    key: "alerts-active",
    kind: "table",
    title: "Active alerts",
    meaning: "Every alert that is pending or firing now, with its labels. Its name links to its runbook and its panel.",
    good: "Empty.",
    runbooks: ["NoActiveWorkers"],
    unit: "short",
    rows: [
      { label: "alertname", title: "Alert", linksTo: "alert" },
      { label: "alertstate", title: "State", words: Object.fromEntries(STATES.map((state) => [state.text, state])) },
      { label: "severity", title: "Severity", words: SEVERITIES },
      { label: "type", title: "Type" },
      { label: "lane", title: "Lane" },
      { label: "instance", title: "Instance" },
      { label: "panel", title: "Panel", hidden: true },
    ],
    columns: [
      {
        title: "Count",
        unit: "short",
        hidden: true,
        query: aggregate("count", withPanel(activeAlerts(ALERT_NAMES), ALERT_NAMES), [...ALERT_LABELS, "panel"]),
      },
    ],
  },
} satisfies Record<string, PanelSpec>;
