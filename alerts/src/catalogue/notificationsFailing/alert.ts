import { alertingSeries } from "../../promql/alertingMetrics.ts";
import { sum } from "../../promql/expression.ts";
import { increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const windowMs = minutes(15);
const labels = ["integration"];

const signal: Signal = {
  record: "integration:alertmanager_notifications_failed:increase15m",
  labels,
  bridgesGaps: true,
  expression: sum(labels, increase(alertingSeries("alertmanager_notifications_failed_total", [], windowMs))),
};

export const notificationsFailing = defineAlert({
  name: "NotificationsFailing",
  severity: "critical",
  signal,
  comparator: ">=",
  // Alertmanager tries again after five minutes, so a second failure is not temporary.
  threshold: { value: 2, unit: "notifications" },
  windowMs,
  forMs: minutes(1),
  summary: () => "Notifications to {{ $labels.integration }} do not arrive",
  description: (facts) =>
    `${facts.value} to {{ $labels.integration }} have failed in the last ${facts.window}. Alerts that go only to ` +
    "that receiver are lost.",
  panel: "notifications-failed",
  runbook,
  samples,
  fault: "revoke-webhook",
});
