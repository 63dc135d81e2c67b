import { BUNDLE } from "@mcp-orchestrator/alerts";
import type { Notification, NotificationStatus } from "../../services/inbox/notification.ts";
import type { Observation } from "./observation.ts";

/** Builders for tests of the judge: an episode in which everything is right. */

/** Without runbooks and Grafana, a message links to Prometheus' page of its alert. */
const GRAPH = "http://localhost:9090/graph?g0.expr=up";
const { dashboards, runbooks } = BUNDLE.links;
const runbookOf = (alertname: string) => (runbooks === undefined ? GRAPH : `${runbooks}/${alertname}.md`);
const DASHBOARD = dashboards === undefined ? GRAPH : `${dashboards}/d/mcp-orchestrator?viewPanel=1`;
const SILENCE = "http://localhost:9093/#/silences/new?filter=%7Balertname%3D%22x%22%7D";

/** A message as the templates write it for Slack. */
export function slackBody(alertname: string, status: NotificationStatus, color: string) {
  return {
    channel: "#alerts-critical",
    attachments: [
      {
        title: `[${status.toUpperCase()}] ${alertname}`,
        title_link: runbookOf(alertname),
        text: "*Queue mcp:queue:ml holds more than 500 messages*",
        color: status === "resolved" ? "good" : color,
        actions: [
          { type: "button", text: "Runbook", url: runbookOf(alertname) },
          { type: "button", text: "Dashboard", url: DASHBOARD },
          { type: "button", text: "Silence", url: SILENCE },
        ],
      },
    ],
  };
}

/** An event as the templates write it for PagerDuty. */
export function pagerDutyBody(alertname: string, status: NotificationStatus, dedupKey = "key-1") {
  return {
    routing_key: "0".repeat(32),
    event_action: status === "resolved" ? "resolve" : "trigger",
    dedup_key: dedupKey,
    payload: { summary: `${alertname}: the service is down`, severity: "critical", class: alertname, source: "am" },
    links: [
      { text: "Runbook", href: runbookOf(alertname) },
      { text: "Dashboard", href: DASHBOARD },
      { text: "Silence", href: SILENCE },
    ],
  };
}

/** A notification in the inbox; by default a firing one to the critical channel. */
export function message(over: Partial<Notification> = {}): Notification {
  const { alertname = "QueueDepthSpike", status = "firing" } = over;
  return {
    seq: 1,
    receivedAtMs: 20_000,
    receiver: "slack-critical",
    kind: "slack",
    status,
    alertname,
    summary: `[${status.toUpperCase()}] ${alertname}`,
    body: slackBody(alertname, status, "danger"),
    ...over,
  };
}

/** A message to the dead man's switch. */
export const HEARTBEAT: Notification = {
  seq: 9,
  receivedAtMs: 12_000,
  receiver: "deadman",
  kind: "webhook",
  status: "firing",
  alertname: "Watchdog",
  summary: "[FIRING] Watchdog",
  body: {},
};

/** A deep queue from fault (10 s) to removal (30 s) and end (45 s), as it should be. */
export function observation(over: Partial<Observation> = {}): Observation {
  return {
    startedAtMs: 0,
    injectedAtMs: 10_000,
    removedAtMs: 30_000,
    endedAtMs: 45_000,
    evaluationIntervalMs: 250,
    incidents: [
      {
        alertname: "QueueDepthSpike",
        instance: { queue: "mcp:queue:ml" },
        pendingAtMs: 11_000,
        firingAtMs: 16_000,
        lastSeenAtMs: 33_000,
      },
    ],
    notifications: [message(), message({ seq: 2, status: "resolved", receivedAtMs: 40_000 }), HEARTBEAT],
    rejections: [],
    inhibited: [],
    tasks: { submitted: 100, completed: 90, deadLettered: 10, refused: 0, lost: [] },
    ...over,
  };
}
