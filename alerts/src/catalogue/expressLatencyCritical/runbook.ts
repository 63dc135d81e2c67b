import type { Facts } from "../alert.ts";
import {
  expressLatency,
  hostResources,
  limitRate,
  redisLatency,
  tasksPerWorker,
  UPSTREAM_DOWN,
  upstreamErrors,
  upstreamLatency,
  workersLeadOn,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For ${facts.for}, the slowest 5 % of a type's express tasks have taken longer than ${facts.threshold} (p95), or hardly any ` +
    "finished and the oldest is older.",
  impact: "For the users who wait, this is an outage.",
  first: [
    {
      ...upstreamLatency,
      why: `${upstreamLatency.why} Above ${facts.limit}, an API is the cause. \`NaN\`: no call ended.`,
    },
    redisLatency,
    workersLeadOn,
  ],
  diagnosis: [expressLatency(facts.limit), upstreamErrors, tasksPerWorker, hostResources],
  mitigation: [
    {
      cause: "An external API is very slow or down",
      fault: "very-slow-upstream",
      steps: [UPSTREAM_DOWN, "If it lasts, inform the users of the express lane."],
    },
    {
      cause: "More tasks than the workers can run",
      steps: [limitRate, "Then add workers or a replica: [HighConsumerLag](HighConsumerLag.md)."],
    },
    { cause: "Redis, host or network is slow", steps: ["Follow [ExpressLatencyHigh](ExpressLatencyHigh.md)."] },
  ],
  escalation: "After 10 minutes, call the platform team.",
  prevention: ["Agree with users what they get while an API is down."],
  corrections: [
    {
      was: '"Enable fallback mode" by hand',
      now: "While a circuit breaker is open, the service gives young cached answers, marked `degraded`.",
      why: "A switch to be found at night is used too late.",
    },
  ],
  related: ["ExpressLatencyHigh", "HighConsumerLag"],
});
