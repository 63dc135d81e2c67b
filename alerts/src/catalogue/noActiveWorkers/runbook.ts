import type { Facts } from "../alert.ts";
import { api, grant, logs, query, redisPing, restart, workerProcesses, workersStatus } from "../commands.ts";
import type { Command, Runbook } from "../runbook.ts";

const start: Command = {
  id: "start",
  why: "Start the service.",
  run: {
    compose: "docker compose up -d orchestrator",
    supervisor: "supervisorctl start mcp-orchestrator",
    native: "systemctl start mcp-orchestrator",
    kubernetes: 'kubectl -n "$NAMESPACE" rollout restart deployment/mcp-orchestrator',
  },
};

const { firing: _whileWorking, ...processes } = workerProcesses;

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For ${facts.for} no worker has been alive and consuming: the count is 0, the metric is gone, or Prometheus cannot ` +
    "reach any replica.",
  impact: "A complete outage. Nothing is processed; what was accepted waits in Redis.",
  first: ["restart"],
  symptoms: ["Every other alert about queues and latency is inhibited by this one."],
  diagnosis: [
    {
      text: "First restart (see the mitigation), then look. Is the service there at all?",
      commands: [
        query("targets", "1 for each replica that Prometheus reaches.", 'up{job="mcp-orchestrator"}', {
          healthy: { matches: "^1 " },
        }),
        query("active-workers", "Workers that consume, over all replicas.", "sum(mcp_active_workers)", {
          healthy: { numberAbove: 0 },
        }),
        { ...processes, healthy: { matches: "express_pool:" } },
      ],
    },
    {
      text: "If it runs: why do its workers not work?",
      commands: [
        { ...workersStatus, firing: { matches: "^(0 of \\d+|$)" }, healthy: { matches: "^[1-9]\\d* of \\d+" } },
        api(
          "readiness",
          "What the service itself says is wrong.",
          "/readyz",
          '.checks[]? | select(.ok | not) | "\\(.name): \\(.detail)"',
        ),
        logs("start-log", "The last lines of the log.", "."),
      ],
    },
    { text: "Is Redis there?", commands: [redisPing] },
  ],
  mitigation: [
    {
      cause: "The service is stopped, or has ended",
      fault: "stop-service",
      steps: [{ text: "Start it:", commands: [start] }],
    },
    {
      cause: "Its Redis user may not read (`redis permissions` in the readiness, `NOPERM` in the log)",
      fault: "starve-workers",
      steps: [
        {
          text: "Give the permission back. The workers try again by themselves.",
          commands: [grant("The user of the service may read again.", "+xreadgroup")],
        },
      ],
    },
    {
      cause: "It runs, and its workers do not",
      steps: [
        { text: "Restart it:", commands: [restart] },
        {
          text:
            "If they do not come up: a configuration error is at the end of the log, all problems at once; Redis may be " +
            "unreachable; the limit on processes or memory may be reached; handlers may fail to load.",
        },
      ],
    },
  ],
  escalation: "PagerDuty has paged already. To the whole platform team if it is not resolved in 5 minutes.",
  prevention: [
    "supervisord or systemd with automatic restart (units are in `deploy/`).",
    "Two replicas.",
    "A readiness check in front of a rollout.",
  ],
  corrections: [
    {
      was: "`mcp_active_workers == 0` alone",
      now: "Also when the metric is absent or all targets are down.",
      why: "A stopped service has no metric, and a comparison with nothing is never true: the alert would resolve in the worst moment.",
    },
  ],
  related: ["OrchestratorTargetDown", "WorkerCrashRateHigh"],
});
