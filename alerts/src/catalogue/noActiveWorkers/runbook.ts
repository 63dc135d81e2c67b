import type { Facts } from "../alert.ts";
import type { Installation } from "../installation.ts";
import {
  api,
  grantRights,
  logEnd,
  query,
  redisLog,
  redisPing,
  restart,
  serviceState,
  startRedis,
  workerProcesses,
  workersStatus,
} from "../runbooks/commands.ts";
import type { Command, Runbook } from "../runbooks/runbook.ts";
import { claimOf, withOutput } from "../runbooks/runbook.ts";

const restartIfNoneRuns: Command = {
  ...restart,
  why:
    "If workers run, follow [OrchestratorTargetDown](OrchestratorTargetDown.md) instead. Otherwise restart the service, and " +
    "run command 1 again after a minute.",
};

const start = (replicas: number): Command => ({
  id: "start",
  context: true,
  why: "Start it.",
  run: {
    compose: "docker compose up -d orchestrator",
    supervisor: "supervisorctl start mcp-orchestrator",
    native: "systemctl start mcp-orchestrator",
    kubernetes: `kubectl -n "$NAMESPACE" scale deployment/mcp-orchestrator --replicas ${replicas}`,
  },
  changes: true,
});

export const runbook = (facts: Facts, { expectedReplicas }: Installation): Runbook => ({
  meaning: `For ${facts.for}, no worker has been consuming tasks, or no replica has answered Prometheus.`,
  impact: "This is a complete outage. Accepted tasks wait in Redis.",
  first: [
    withOutput(
      {
        ...workersStatus,
        why: "Do the workers run? An error: the service does not answer.",
      },
      {
        ...claimOf(workersStatus),
        // Without any output, or with a type that has none.
        firing: { matches: "\\t0 of \\d+|(?<![\\s\\S])(?![\\s\\S])", not: "type\tworkers\tpaused\nml\t2 of 2\t-\n" },
      },
    ),
    restartIfNoneRuns,
  ],
  diagnosis: [
    query("targets", "Which replicas answer Prometheus?", 'up{job="mcp-orchestrator"}', {
      expected: "`1 {...}` for each replica",
      healthy: { matches: "^1 ", not: "0 {}" },
    }),
    query("active-workers", "How many workers consume, over all replicas?", "sum(mcp_active_workers)", {
      healthy: { numberAbove: 0 },
    }),
    // Without workers there are no processes to show.
    withOutput(workerProcesses, {
      expected: claimOf(workerProcesses).expected ?? "",
      healthy: { matches: "express_pool:", not: "" },
    }),
    api(
      "readiness",
      "What does the service itself find wrong?",
      "/readyz",
      '.checks[]? | select(.ok | not) | "\\(.name): \\(.detail)"',
      { healthy: { nothing: true } },
    ),
    serviceState,
    logEnd,
    redisPing,
  ],
  mitigation: [
    { cause: "The service is stopped", fault: "stop-service", steps: [start(expectedReplicas)] },
    {
      cause: "`/readyz` names `redis permissions`",
      fault: "starve-workers",
      steps: [grantRights],
    },
    {
      cause: "Redis does not answer",
      steps: [redisLog, startRedis],
    },
    {
      cause: "All types are paused, or have `0 of 0` workers",
      steps: [
        "Paused: [OldestTaskTooOld](OldestTaskTooOld.md). `0 of 0`: [TypeWithoutWorkers](TypeWithoutWorkers.md).",
      ],
    },
    {
      cause: "It runs, but its workers do not",
      steps: [
        restartIfNoneRuns,
        "If a restart does not help, the log says why: a limit on memory or processes, a secret or log folder that it may not " +
          "open, a handler that does not load. After a release, roll back ([how](README.md#settings)).",
      ],
    },
  ],
  escalation: "After 5 minutes, call the whole platform team.",
  prevention: [
    "Let the service manager restart it: `deploy/` has units for systemd and supervisor.",
    "Run two replicas, and let a rollout wait for `/readyz`.",
  ],
  corrections: [
    {
      was: "`mcp_active_workers == 0` alone",
      now: "Also when the metric is absent or all targets are down.",
      why: "A stopped service has no metric: the alert would resolve in an outage.",
    },
  ],
  related: ["OrchestratorTargetDown", "WorkerCrashRateHigh"],
});
