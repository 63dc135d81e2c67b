import { ALERT_NAMES, RUNBOOK_ALERTS } from "../model/catalogue.ts";
import { zeroIsGood } from "../model/levels.ts";
import type { PanelSpec, State } from "../model/panel.ts";
import { ALERT_STATES, activeAlerts, alertState } from "../query/alertStates.ts";
import { aggregate, constant, or } from "../query/vector.ts";

const STATES = ALERT_STATES.map(
  (text): State => ({ text, color: text === "ok" ? "green" : text === "pending" ? "yellow" : "red" }),
);

/** What the alerts say, now and over time. */
export const alerts = {
  firing: {
    key: "alerts-firing",
    kind: "stat",
    title: "Alerts firing",
    meaning: "Alerts that fire now, over all queues and types.",
    good: "0. Otherwise the timeline and the table below show which; each links to its runbook.",
    runbooks: ["NoActiveWorkers"],
    unit: "short",
    min: 0,
    decimals: 0,
    series: [{ query: or(aggregate("count", activeAlerts(ALERT_NAMES, "firing")), constant(0)), legend: "firing" }],
    levels: zeroIsGood("red"),
  },
  timeline: {
    key: "alert-states",
    kind: "state-timeline",
    title: "State of the alerts",
    meaning: "State of each alert over time; the worst one where an alert is active for several queues or types.",
    good: "All rows green. A yellow row is over its threshold, but not yet long enough to fire.",
    runbooks: ["NoActiveWorkers"],
    unit: "short",
    series: RUNBOOK_ALERTS.map((name) => ({ query: alertState(name), legend: name })),
    states: STATES,
  },
  active: {
    key: "alerts-active",
    kind: "table",
    title: "Active alerts",
    meaning: "Every alert that is pending or firing now, with its labels.",
    good: "Empty.",
    runbooks: ["NoActiveWorkers"],
    unit: "short",
    rows: [
      { label: "alertname", title: "Alert" },
      { label: "alertstate", title: "State" },
      { label: "severity", title: "Severity" },
      { label: "queue", title: "Queue" },
      { label: "type", title: "Type" },
      { label: "lane", title: "Lane" },
    ],
    columns: [
      {
        title: "Count",
        unit: "short",
        query: aggregate("count", activeAlerts(ALERT_NAMES), [
          "alertname",
          "alertstate",
          "severity",
          "queue",
          "type",
          "lane",
        ]),
      },
    ],
  },
} satisfies Record<string, PanelSpec>;
