import type { Facts } from "../alert.ts";
import { hostResources, logs, query, rollingRestart, workerProcesses, workersStatus } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, fewer than ${facts.threshold} of the expected workers of one type have been ready.`,
  impact: "Tasks of this type wait under load.",
  first: [
    query("worker-share", "Which types are short of workers?", "type:mcp_active_workers:ratio < 1", {
      expected: `less than ${facts.limit}`,
      firing: { numberBelow: facts.limit },
      healthy: { nothing: true },
    }),
    workersStatus,
  ],
  diagnosis: [
    logs(
      "worker-log",
      "What does the log say about them?",
      "Worker .*(crashed|unresponsive|started|heartbeat)",
      CONTEXT,
    ),
    workerProcesses,
    hostResources,
  ],
  mitigation: [
    {
      cause: "A worker hangs",
      fault: "hang-a-worker",
      steps: [
        "The service kills it after `WORKER_UNRESPONSIVE_MS` and starts another. If a debugger or a signal stopped it, let it " +
          "continue (`kill -CONT <pid>`).",
      ],
    },
    { cause: "Workers crash at start", steps: ["Follow [WorkerCrashesPersist](WorkerCrashesPersist.md)."] },
    {
      cause: "The host cannot start processes",
      steps: ["Free memory, processes or file descriptors, then:", rollingRestart],
    },
  ],
  escalation: "After 30 minutes, call the platform team.",
  prevention: ["Write handlers that do not block the event loop."],
  corrections: [],
  related: ["TypeWithoutWorkers", "WorkerCrashesPersist", "HighConsumerLag"],
});
