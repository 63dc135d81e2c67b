/** Uid of the dashboard an engineer opens first. */
export const DASHBOARD_UID = "mcp-orchestrator";

/**
 * The panels of that dashboard to which an alert can link, with their ids. The dashboard takes its ids from here, so
 * that links and panels cannot differ.
 */
export const PANEL_IDS = {
  "alert-states": 1,
  "ack-failures": 2,
  "ack-success": 3,
  "consumer-lag": 4,
  "queue-depth": 5,
  "express-latency": 6,
  "worker-crashes": 7,
  "active-workers": 8,
  "task-failures": 9,
  "redis-memory": 10,
  "dead-letters": 11,
  unaccounted: 12,
  targets: 13,
  "oldest-task-age": 14,
  "overdue-retries": 15,
  "submission-failures": 16,
  "operator-overrides": 17,
  "redis-state": 18,
  "active-workers-by-type": 19,
  "worker-crashes-by-type": 20,
  unavailability: 21,
  "worker-share": 22,
  "express-wait": 23,
  "redis-persistence": 24,
  replicas: 25,
  "rule-failures": 26,
  "notifications-failed": 27,
  "alerting-configuration": 28,
  "express-budget-burns-fast": 29,
  "express-budget-burns-slowly": 30,
  "type-submission-failures": 31,
  "success-budget-burns-fast": 32,
  "success-budget-burns-slowly": 33,
} as const;

/** Key of a panel to which an alert can link. */
export type PanelKey = keyof typeof PANEL_IDS;

/** Labels of an alert with a variable of the dashboard. */
export const DASHBOARD_VARIABLES = ["type", "lane", "instance"] as const;
