import type { Facts } from "../alert.ts";
import { alertingLog, query, reloadAlerting, STALE_MOUNT } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, Prometheus or Alertmanager has rejected a new configuration and kept the old one.`,
  impact: "New rules, routes and receivers are not in force. Do not restart it: it would not start.",
  first: [
    query("reloads", "Which one? 0 rejects its configuration.", "job:config_last_reload_successful:min == 0", {
      expected: "`0 {...}` with the label `job`",
      firing: { matches: "^0 ", not: "1 {}" },
      healthy: { nothing: true },
    }),
  ],
  diagnosis: [
    { ...alertingLog, why: "Why? Look for `Loading configuration file failed`." },
    "The log, `promtool check config` or `amtool check-config` names the line.",
  ],
  mitigation: [
    {
      cause: "The file was edited, or generated for another release",
      fault: "break-alertmanager-configuration",
      steps: [
        "Put the generated file back (for Alertmanager in compose, [run `setup`](../../../secrets/README.md#change-one-in-compose)), then:",
        reloadAlerting,
        STALE_MOUNT,
      ],
    },
    {
      cause: "A file that it names is missing: a secret, the rules",
      steps: ["Mount or create the file, then reload as above."],
    },
  ],
  escalation: "Call the platform team within the hour.",
  prevention: ["Check configurations before you load them."],
  corrections: [],
  related: ["Watchdog", "RuleEvaluationFailing"],
});
