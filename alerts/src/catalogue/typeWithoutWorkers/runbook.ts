import type { Facts } from "../alert.ts";
import { change, logs, query, rollingRestart, workerProcesses, workersStatus } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, no worker of one type has been ready, although workers are expected or tasks wait.`,
  impact: "Tasks of this type wait; nothing is lost. Other types may be healthy.",
  first: [
    query(
      "active-of-type",
      "Which types have no active worker?",
      "min by (type) (type:mcp_active_workers:wanted) == 0",
      {
        expected: "`0 {...}` with the label `type`",
        firing: { matches: "^0 ", not: "1 {}" },
        healthy: { nothing: true },
      },
    ),
    workersStatus,
  ],
  diagnosis: [
    workerProcesses,
    logs("worker-log", "What does the log say about its workers?", "Worker .*(crashed|exited|started)|Scal", CONTEXT),
  ],
  mitigation: [
    {
      cause: "It was scaled to zero: `0 of 0` workers",
      fault: "scale-type-to-zero",
      steps: [
        change(
          "scale-to-configured",
          "Ask who did, and why. Then run as many workers as the largest type has, on one replica.",
          'scale "$TYPE" most',
          { firing: { matches: "^count\\s+[1-9]", not: "count\t0" } },
        ),
      ],
    },
    {
      cause: "Its workers crash at start",
      steps: ["The log has the exception. Roll back ([how](README.md#settings)), or fix the handler module."],
    },
    {
      cause: "Its workers run and consume nothing",
      steps: ["If the type is paused, follow [OldestTaskTooOld](OldestTaskTooOld.md). Otherwise:", rollingRestart],
    },
    {
      cause: "The type is no longer configured, and tasks are left",
      steps: ["Configure it again (`HANDLERS`, [how](README.md#settings)) until they are done."],
    },
  ],
  escalation: "After 15 minutes, call the owner of the type.",
  prevention: ["Load every handler module in a test.", "Empty the queues of a type before you remove it."],
  corrections: [],
  related: ["NoActiveWorkers", "WorkerCrashesPersist"],
});
