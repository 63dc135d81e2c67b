import { query } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (): Runbook => ({
  meaning: "It always fires. You are here because the dead man's switch no longer receives it, or out of curiosity.",
  impact: "When it stops, alerting is broken: no other alert reaches a receiver.",
  first: ["rules-run", "alertmanager-has-it"],
  symptoms: ["The dead man's switch raises an alarm."],
  diagnosis: [
    {
      text: "Where does the way end?",
      commands: [
        query("rules-run", "Does Prometheus evaluate the rule?", 'ALERTS{alertname="Watchdog"}', {
          firing: { matches: "^1 " },
        }),
        {
          id: "alertmanager-has-it",
          why: "Does Alertmanager have it?",
          run: "curl -s \"$ALERTMANAGER_URL/api/v2/alerts?filter=alertname=Watchdog\" | jq -r '.[].status.state'",
          firing: { matches: "^active$" },
        },
        query(
          "notifications",
          "Does Prometheus fail to send (per second)?",
          "rate(prometheus_notifications_errors_total[5m]) > 0",
          {
            firing: { nothing: true },
          },
        ),
      ],
    },
  ],
  mitigation: [
    { cause: "Prometheus or Alertmanager is down", steps: [{ text: "Start it, and look at its log." }] },
    {
      cause: "The receiver refuses",
      steps: [{ text: "Look for `notify` errors in Alertmanager's log; a secret file may be wrong." }],
    },
  ],
  escalation: "To the platform team at once: no alert is delivered.",
  prevention: ["Two Alertmanagers.", "A dead man's switch outside this infrastructure."],
  corrections: [],
  related: ["OrchestratorTargetDown"],
});
