import { OWN_RULE_GROUPS } from "@mcp-orchestrator/alerts/promql";
import { thresholdOf } from "../model/catalogue.ts";
import type { PanelSpec } from "../model/panel.ts";
import { alertingGauge, alertingRate, byGroupName } from "../query/alerting.ts";
import { signalOf } from "../query/signals.ts";
import { aggregate, perMinute } from "../query/vector.ts";

const NOT_SCRAPED = "Empty where Prometheus does not scrape itself and Alertmanager.";

/** Counters of which there is one sample a minute. */
const THIN = "Thin: per minute, over the last four minutes.";

/** The way from a rule to a receiver. */
export const alerting = {
  ruleFailures: {
    key: "rule-failures",
    kind: "timeseries",
    seldomScraped: true,
    title: "Rule evaluations that fail",
    meaning: `Evaluations of this service's rules that failed in five minutes, by group. ${THIN} ${NOT_SCRAPED}`,
    good: "A flat 0. An alert whose rule fails does not fire.",
    runbooks: ["RuleEvaluationFailing", "Watchdog"],
    unit: "short",
    min: 0,
    series: [
      { query: byGroupName(signalOf("RuleEvaluationFailing")), legend: "{{group}}" },
      {
        query: byGroupName(
          perMinute(
            aggregate("sum", alertingRate("prometheus_rule_evaluation_failures_total", OWN_RULE_GROUPS), [
              "rule_group",
            ]),
          ),
        ),
        legend: "{{group}}, per minute",
        thin: true,
      },
    ],
  },
  ruleDuration: {
    key: "rule-duration",
    kind: "timeseries",
    title: "Rule evaluation time",
    meaning: `Time that the last evaluation of each group of this service's rules took, and the shortest interval between two. ${NOT_SCRAPED}`,
    good: "Far below the interval: an evaluation that takes longer is skipped.",
    runbooks: ["Watchdog"],
    unit: "s",
    min: 0,
    series: [
      {
        query: byGroupName(
          aggregate("max", alertingGauge("prometheus_rule_group_last_duration_seconds", OWN_RULE_GROUPS), [
            "rule_group",
          ]),
        ),
        legend: "{{group}}",
      },
      {
        query: aggregate("min", alertingGauge("prometheus_rule_group_interval_seconds", OWN_RULE_GROUPS)),
        legend: "interval",
      },
    ],
    colors: { interval: "text" },
  },
  toAlertmanager: {
    key: "notifications-to-alertmanager",
    kind: "timeseries",
    seldomScraped: true,
    title: "Prometheus to Alertmanager",
    meaning: `Notifications that Prometheus sent, failed to send and dropped, per second. ${NOT_SCRAPED}`,
    good: "Only sent. Errors and drops: Prometheus does not reach Alertmanager.",
    runbooks: ["Watchdog"],
    unit: "ops",
    min: 0,
    series: [
      { query: aggregate("sum", alertingRate("prometheus_notifications_sent_total")), legend: "sent" },
      { query: aggregate("sum", alertingRate("prometheus_notifications_errors_total")), legend: "errors" },
      { query: aggregate("sum", alertingRate("prometheus_notifications_dropped_total")), legend: "dropped" },
    ],
    colors: { sent: "green", errors: "orange", dropped: "red" },
  },
  toReceivers: {
    key: "notifications-to-receivers",
    kind: "timeseries",
    seldomScraped: true,
    title: "Alertmanager to receivers",
    meaning: `Notifications that Alertmanager sent to each kind of receiver, per second. ${NOT_SCRAPED}`,
    good: "The webhook of the dead man's switch at all times; the others when alerts fire.",
    runbooks: ["Watchdog"],
    unit: "ops",
    min: 0,
    series: [
      {
        query: aggregate("sum", alertingRate("alertmanager_notifications_total"), ["integration"]),
        legend: "{{integration}}",
      },
    ],
  },
  receiverFailures: {
    key: "notifications-failed",
    kind: "timeseries",
    seldomScraped: true,
    title: "Notifications that fail",
    meaning: `Notifications that a kind of receiver did not accept in a quarter of an hour; the line is the alert's threshold. ${THIN} ${NOT_SCRAPED}`,
    good: "A flat 0. Otherwise a page is lost: check credentials and network of that receiver.",
    runbooks: ["NotificationsFailing", "Watchdog"],
    unit: "short",
    min: 0,
    thresholds: [thresholdOf("NotificationsFailing")],
    series: [
      { query: signalOf("NotificationsFailing"), legend: "{{integration}}" },
      {
        query: perMinute(aggregate("sum", alertingRate("alertmanager_notifications_failed_total"), ["integration"])),
        legend: "{{integration}}, per minute",
        thin: true,
      },
    ],
  },
  held: {
    key: "alerts-held",
    kind: "timeseries",
    title: "Alerts in Alertmanager",
    meaning: `Alerts that Alertmanager holds, by state; suppressed ones are inhibited or silenced. ${NOT_SCRAPED}`,
    good: "One active alert: the Watchdog.",
    runbooks: ["Watchdog"],
    unit: "short",
    min: 0,
    series: [{ query: aggregate("max", alertingGauge("alertmanager_alerts"), ["state"]), legend: "{{state}}" }],
  },
  configuration: {
    key: "alerting-configuration",
    kind: "state-timeline",
    title: "Configuration",
    meaning: `Whether Prometheus and Alertmanager could load their last configuration. ${NOT_SCRAPED}`,
    good: "Loaded. A rejected one leaves the former in place, without new rules and receivers.",
    runbooks: ["ConfigurationReloadFailed", "Watchdog"],
    unit: "short",
    series: [
      { query: signalOf("ConfigurationReloadFailed"), legend: "{{job}}" },
      {
        query: aggregate("min", alertingGauge("prometheus_config_last_reload_successful"), ["instance"]),
        legend: "Prometheus {{instance}}",
      },
      {
        query: aggregate("min", alertingGauge("alertmanager_config_last_reload_successful"), ["instance"]),
        legend: "Alertmanager {{instance}}",
      },
    ],
    states: [
      { text: "rejected", color: "red" },
      { text: "loaded", color: "green" },
    ],
  },
} satisfies Record<string, PanelSpec>;
