import type { Facts } from "../alert.ts";
import { logs, query, redisPing, restart, workersStatus } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For more than ${facts.threshold} of the last ${facts.window} no worker was consuming or the service did not answer, in ` +
    `short outages, and this has been so for ${facts.for}.`,
  impact: "Submissions fail now and then, and tasks wait longer. Nothing that was accepted is lost.",
  symptoms: ["`up` or `mcp_active_workers` changes between 0 and its normal value."],
  diagnosis: [
    {
      text: "How much of the time, and what is it now?",
      commands: [
        query(
          "unavailable",
          "Share of the last half hour without a working service.",
          "service:mcp_unavailable:ratio30m",
          { firing: { numberAbove: facts.limit }, healthy: { numberBelow: facts.limit } },
        ),
        workersStatus,
        redisPing,
      ],
    },
    {
      text: "Why does it end each time?",
      commands: [logs("ends", "Starts, stops and fatal errors.", "Orchestrator listens|fatal|stopp|SIGTERM|heap")],
    },
  ],
  mitigation: [
    {
      cause: "Something restarts it again and again",
      steps: [
        {
          text: "Look at the supervisor: a failing liveness probe, a memory limit, an update that rolls back and forth.",
        },
        { text: "Stop that, then start the service once:", commands: [restart] },
      ],
    },
    {
      cause: "The way to it comes and goes",
      fault: "flap-service",
      steps: [{ text: "Look at the network, the proxy and the load balancer between its clients and it." }],
    },
    { cause: "Redis comes and goes", steps: [{ text: "Look at Redis and at the network to it first." }] },
  ],
  escalation: "To the on-call engineer after 15 minutes.",
  prevention: ["Limits with room for the normal peak.", "Two replicas, restarted one after the other."],
  corrections: [],
  related: ["NoActiveWorkers", "OrchestratorTargetDown"],
});
