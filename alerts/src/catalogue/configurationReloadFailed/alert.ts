import { alertingSeries } from "../../promql/alertingMetrics.ts";
import { firstOf, min } from "../../promql/expression.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["job"];

const signal: Signal = {
  record: "job:config_last_reload_successful:min",
  labels,
  expression: min(
    labels,
    firstOf(
      alertingSeries("prometheus_config_last_reload_successful"),
      alertingSeries("alertmanager_config_last_reload_successful"),
    ),
  ),
};

export const configurationReloadFailed = defineAlert({
  name: "ConfigurationReloadFailed",
  severity: "warning",
  signal,
  comparator: "==",
  threshold: { value: 0, unit: "state", fixed: true },
  forMs: minutes(5),
  summary: () => "The configuration of {{ $labels.job }} could not be loaded",
  description: (facts) =>
    `For ${facts.for}, {{ $labels.job }} has kept its old configuration, because it rejects the new one. New ` +
    "rules, routes and receivers are not in force; it would not start again after a restart.",
  panel: "alerting-configuration",
  runbook,
  samples,
  fault: "break-alertmanager-configuration",
});
