import type { Facts } from "../alert.ts";
import { query, serviceState, startReplica } from "../runbooks/commands.ts";
import { CONTEXT, type Command, commandText, type Runbook } from "../runbooks/runbook.ts";

/** Starts no replica that runs again. */
const startMissing = (replicas: number): Command => ({
  id: "start-missing",
  context: true,
  why:
    `Start what is missing, so that ${replicas} ${replicas === 1 ? "runs" : "run"}. If more run and do not answer, follow ` +
    "[OrchestratorTargetDown](OrchestratorTargetDown.md): this would stop them.",
  run: {
    compose: `docker compose up -d --no-recreate --scale orchestrator=${replicas} orchestrator`,
    supervisor: commandText(startReplica, "supervisor"),
    native: commandText(startReplica, "native"),
    kubernetes: `kubectl -n "$NAMESPACE" scale deployment/mcp-orchestrator --replicas ${replicas}`,
  },
  changes: true,
});

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, fewer replicas have answered Prometheus than expected (${facts.threshold}).`,
  impact:
    facts.limit === 1
      ? "The service is probably down: follow NoActiveWorkers if it fires too."
      : "The others do the work, with less capacity.",
  first: [
    query("replicas-up", "How many answer?", "service:up:sum", {
      expected: `${facts.limit}, once fixed`,
      firing: { numberBelow: facts.limit },
      healthy: { numberAbove: facts.limit - 1 },
    }),
    query("replicas-listed", "Which are listed? 1: it answers, 0: it does not.", 'up{job="mcp-orchestrator"}', CONTEXT),
    serviceState,
  ],
  diagnosis: ["If one runs and is not listed, look at Prometheus' page `/service-discovery`."],
  mitigation: [
    { cause: "One is down, or was removed", steps: [startMissing(facts.limit)] },
    {
      cause: "One runs and is not listed",
      fault: "hide-a-replica",
      steps: ["Correct service discovery: DNS name, labels of the pods, list of targets."],
    },
    {
      cause: "Fewer replicas are intended",
      steps: [
        "Set `expectedReplicas` in `bundle.config.ts`, [generate](README.md) and [load](ConfigurationReloadFailed.md) the rules.",
      ],
    },
  ],
  escalation: "After 30 minutes, call the platform team.",
  prevention: ["Change `expectedReplicas` with the number of replicas."],
  corrections: [],
  related: ["OrchestratorTargetDown", "NoActiveWorkers"],
});
