/** Uid of the dashboard an engineer opens first. */
export const DASHBOARD_UID = "mcp-orchestrator";

/**
 * The panels of that dashboard to which an alert can link, with their ids. The dashboard takes the ids from here, so
 * that a link made by a rule and the panel it opens cannot drift apart.
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
} as const;

/** Key of a panel to which an alert can link. */
export type PanelKey = keyof typeof PANEL_IDS;

/** Labels of an alert that the dashboard has a variable for. */
export const DASHBOARD_VARIABLES = ["type", "lane", "instance"] as const;
