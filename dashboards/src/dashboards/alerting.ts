import type { DashboardSpec } from "../model/dashboard.ts";
import { alerting } from "../panels/alerting.ts";
import { alerts } from "../panels/alerts.ts";
import { redis } from "../panels/redis.ts";
import { TAG } from "./tag.ts";

/** Whether an alert would reach anyone. */
export const alertingDetails: DashboardSpec = {
  uid: "mcp-alerting",
  title: "MCP orchestrator / Alerting",
  description: "The way from a rule to a receiver: Prometheus, Alertmanager, notifications.",
  tags: [TAG],
  sections: [
    {
      title: "Alerts",
      rows: [
        [
          { panel: alerts.timeline, weight: 14 },
          { panel: alerts.active, weight: 10 },
        ],
      ],
    },
    { title: "Prometheus", rows: [[alerting.ruleFailures, alerting.ruleDuration, alerting.toAlertmanager]] },
    {
      title: "Alertmanager",
      rows: [
        [alerting.toReceivers, alerting.receiverFailures, alerting.held],
        [alerting.configuration, redis.scrape],
      ],
    },
  ],
};
