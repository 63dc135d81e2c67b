import type { Facts } from "../alert.ts";
import { alertingLog, query } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, at least ${facts.threshold} to one kind of receiver (Slack, PagerDuty, webhook) have failed in ${facts.window}.`,
  impact: "Alerts that go only to that receiver are lost. This alert is sent to another one.",
  first: [
    query(
      "failed-notifications",
      "Which receivers fail? Failures in 15 minutes.",
      "sum by (integration) (increase(alertmanager_notifications_failed_total[15m])) > 0",
      {
        firing: { matches: "integration", not: "" },
        healthy: { nothing: true },
      },
    ),
    {
      id: "waiting-alerts",
      why: "Which alerts are active, and for which receivers?",
      run: `curl -fsS "$ALERTMANAGER_URL/api/v2/alerts?active=true" | jq -r '.[] | "\\(.labels.alertname) \\(.receivers | map(.name) | join(", "))"'`,
      expected: "`Watchdog deadman`, and those that fire",
      firing: { matches: "Watchdog deadman", not: "QueueDepthSpike slack-critical" },
    },
  ],
  diagnosis: [
    {
      ...alertingLog,
      why:
        "Why? Look for `Notify for alerts failed`. 401, 403, 404: credentials, or a removed channel. 429: a rate limit. A timeout: " +
        "the network.",
    },
  ],
  mitigation: [
    {
      cause: "A key or webhook was revoked, or a channel was removed",
      fault: "revoke-webhook",
      steps: [
        "Put a new one into the file that Alertmanager reads ([in compose](../../../secrets/README.md)); it needs no reload. Send a " +
          "test notification ([how](../../../README.md#use-it)). The alert ends 15 minutes after the last failure.",
      ],
    },
    {
      cause: "The receiver is down, or the network to it is blocked",
      steps: ["See its status page, and check proxies and firewalls on the way. Alertmanager tries again by itself."],
    },
  ],
  escalation: "Call the platform team at once. Until it is fixed, read the active alerts in Alertmanager.",
  prevention: [
    "Send a test notification after each change of a key.",
    "Route critical alerts to two kinds of receivers.",
  ],
  corrections: [],
  related: ["Watchdog", "ConfigurationReloadFailed"],
});
