import type { Facts } from "../alert.ts";
import { logEnd, query, rollingRestart, startReplica } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `One replica has not answered Prometheus for ${facts.for}, or it restarts again and again.`,
  impact: "The others do its work, or it runs unmonitored.",
  first: [
    query("targets", "Which replica?", 'up{job="mcp-orchestrator"} == 0', {
      expected: "`0 {...}` with the label `instance`",
      firing: { matches: "^0 ", not: "1 {}" },
      healthy: { nothing: true },
    }),
    logEnd,
  ],
  diagnosis: ["Do `/healthz` and `/metrics` of the `instance` answer on its own host?"],
  mitigation: [
    { cause: "It is down", fault: "stop-service", steps: [startReplica] },
    {
      cause: "It restarts again and again",
      steps: [
        "The log has the reason of the last exit. Roll back ([how](README.md#settings)), or correct the settings.",
      ],
    },
    {
      cause: "Its log ends with a configuration error",
      steps: ["Correct the settings and apply them ([how](README.md#settings))."],
    },
    { cause: "It runs and does not answer on its host: it hangs", steps: [rollingRestart] },
    {
      cause: "It answers on its host",
      steps: ["Check the network from Prometheus. Does `/metrics` take longer than the scrape timeout?"],
    },
  ],
  escalation: "After 30 minutes, call the platform team.",
  prevention: ["Restart automatically."],
  corrections: [],
  related: ["NoActiveWorkers"],
});
