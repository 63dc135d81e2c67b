import { alertingLog, query, startAlerting } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (): Runbook => ({
  meaning:
    "This alert always fires. The dead man's switch, an outside service, called because it no longer receives it.",
  impact: "Alerting is broken: no alert reaches a receiver.",
  first: [
    query("rules-run", "Does Prometheus evaluate the rule?", 'ALERTS{alertname="Watchdog"}', {
      expected: "`1 {...}`",
      firing: { matches: "^1 ", not: "0 {}" },
    }),
    {
      id: "alertmanager-has-it",
      why: "Does Alertmanager have it?",
      run: "curl -fsS \"$ALERTMANAGER_URL/api/v2/alerts?filter=alertname=Watchdog\" | jq -r '.[].status.state'",
      expected: "`active`",
      firing: { matches: "^active$", not: "suppressed" },
    },
    query(
      "notifications",
      "Does Prometheus fail to reach Alertmanager (errors per second)?",
      "max(rate(prometheus_notifications_errors_total[5m]))",
      { expected: "`0 {}`. Nothing: Prometheus does not scrape itself", firing: { matches: "^0 ", not: "" } },
    ),
  ],
  diagnosis: [alertingLog],
  mitigation: [
    {
      cause: "Prometheus or Alertmanager does not answer",
      steps: [startAlerting, "If it ends again, its log says why: most often an invalid configuration."],
    },
    {
      cause: "Prometheus does not evaluate the rule",
      steps: ["Its page `/rules` shows which rules are loaded, and errors."],
    },
    {
      cause: "The second command prints `suppressed`",
      steps: ["Remove the silence (Alertmanager's page `/#/silences`) or inhibition that matches it."],
    },
    {
      cause: "Prometheus does not reach Alertmanager",
      steps: ["Check `alerting` in the configuration of Prometheus, and the network."],
    },
    {
      cause: "All commands show what is expected",
      steps: [
        "If the log has `notify` errors, check the address of the dead man's switch (a secret). Otherwise check that service.",
      ],
    },
  ],
  escalation: "Call the platform team at once.",
  prevention: ["Run two Alertmanagers."],
  corrections: [],
  related: ["OrchestratorTargetDown"],
});
