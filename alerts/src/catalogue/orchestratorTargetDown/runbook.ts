import type { Facts } from "../alert.ts";
import { logs, query, restart } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `Prometheus has not been able to scrape one replica for ${facts.for}.`,
  impact:
    "Its capacity is missing, or it works unobserved. NoActiveWorkers inhibits this alert when no replica is left.",
  first: ["targets", "last-log"],
  symptoms: ["`up` of the instance is 0."],
  diagnosis: [
    {
      text: "Which one, and is it alive?",
      commands: [
        query("targets", "0 for each replica that Prometheus cannot reach.", 'up{job="mcp-orchestrator"} == 0', {
          firing: { matches: "^0 " },
          healthy: { nothing: true },
        }),
        logs("last-log", "The last lines of its log.", "."),
      ],
    },
  ],
  mitigation: [
    { cause: "It is down", fault: "stop-service", steps: [{ text: "Restart it:", commands: [restart] }] },
    {
      cause: "It is up",
      steps: [{ text: "Check the network between Prometheus and the replica, and how long /metrics takes." }],
    },
  ],
  escalation: "To the platform team after 30 minutes.",
  prevention: ["Automatic restart.", "Two replicas or more."],
  corrections: [],
  related: ["NoActiveWorkers"],
});
