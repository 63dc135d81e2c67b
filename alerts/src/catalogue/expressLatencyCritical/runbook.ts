import type { Facts } from "../alert.ts";
import {
  breakers,
  liftRate,
  limitRate,
  query,
  redisLatency,
  upstreamErrors,
  upstreamLatency,
  upstreamSteps,
  workersStatus,
} from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `The 95th percentile of the latency of express tasks of one type has been above ${facts.threshold} for ${facts.for}. ` +
    `Where none finished within ${facts.window}, the age of the oldest one counts.`,
  impact: "Clients that wait for these tasks see an outage.",
  first: ["breakers", "workers-status", "redis-latency"],
  symptoms: ["As ExpressLatencyHigh, which this alert inhibits, only more of it."],
  diagnosis: [
    {
      text: "How slow, and which types?",
      commands: [
        query(
          "express-p95",
          "95th percentile of the express lane over the last minute, in seconds, slowest first.",
          'histogram_quantile(0.95, sum by (type, le) (rate(mcp_task_latency_seconds_bucket{lane="express"}[1m]))) > 0',
          { firing: { numberAbove: facts.limit } },
        ),
      ],
    },
    { text: "Are the external APIs down?", commands: [upstreamLatency, upstreamErrors, breakers] },
    {
      text: "Is Redis slow, or has the host run out of something?",
      commands: [
        redisLatency,
        {
          id: "host-resources",
          why: "Load, memory and disks of the host.",
          run: "uptime; free -m; df -h",
          firing: { matches: "load average" },
        },
        workersStatus,
      ],
    },
  ],
  mitigation: [
    { cause: "The external API is very slow or down", fault: "very-slow-upstream", steps: upstreamSteps },
    {
      cause: "The service is overloaded",
      steps: [{ text: "Shed load, then add capacity.", commands: [limitRate, liftRate] }],
    },
    { cause: "Anything else", steps: [{ text: "The steps of ExpressLatencyHigh go into detail." }] },
  ],
  escalation: "To the on-call engineer if it is not resolved in 10 minutes; tell the users of the express lane.",
  prevention: [
    "As for ExpressLatencyHigh.",
    "Agree with the users of the express lane on what a degraded answer may be.",
  ],
  corrections: [
    {
      was: '"Enable fallback mode" by hand',
      now: "Nothing to do: with its breaker open the service gives cached answers marked `degraded` where they are young enough.",
      why: "A switch that an engineer must find at night is used too late.",
    },
  ],
  related: ["ExpressLatencyHigh", "HighConsumerLag"],
});
