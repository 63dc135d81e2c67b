import type { Facts } from "../alert.ts";
import { query, redisLog, rollingRestart, serviceState, workersStatus } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, the service has been down for more than ${facts.threshold} of the last ${facts.window}, in short outages.`,
  impact: "Some submissions fail, and tasks wait longer. The alert can stay for half an hour after the fix.",
  first: [
    query("unavailable", "What share of the last half hour was it down?", "service:mcp_unavailable:ratio30m", {
      expected: `more than ${facts.limit}`,
      firing: { numberAbove: facts.limit },
      healthy: { numberBelow: facts.limit },
    }),
    workersStatus,
    serviceState,
  ],
  diagnosis: [
    query(
      "reachable",
      "Which replicas stopped answering, how often in the last half hour?",
      'resets(up{job="mcp-orchestrator"}[30m])',
      CONTEXT,
    ),
    query(
      "redis-reach-ago",
      "Did a replica lose Redis in the last half hour? 0: yes.",
      "min by (instance) (min_over_time(mcp_redis_up[30m]))",
      { expected: "`1 {...}` for each replica", healthy: { matches: "^1 ", not: "0 {}" } },
    ),
  ],
  mitigation: [
    {
      cause: "Redis is lost again and again",
      steps: [redisLog, "Check Redis and the network to it first."],
    },
    {
      cause: "Something restarts it again and again",
      steps: [
        "Find what: a failing liveness probe, a memory limit, an update that rolls back and forth. If a replica is still " +
          "unhealthy after that:",
        rollingRestart,
      ],
    },
    {
      cause: "The network fails again and again",
      fault: "flap-service",
      steps: ["Check network, proxy and load balancer in front of it."],
    },
    {
      cause: "Its workers crash again and again",
      steps: ["Follow [WorkerCrashRateHigh](WorkerCrashRateHigh.md)."],
    },
  ],
  escalation: "After 15 minutes, call the platform team.",
  prevention: ["Run two replicas, and restart one after the other."],
  corrections: [],
  related: ["NoActiveWorkers", "OrchestratorTargetDown"],
});
