import type { Facts } from "../alert.ts";
import { admin, logs, query, restart, workerProcesses, workersStatus } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for} no worker of one type has consumed a task, although workers are expected or tasks wait.`,
  impact: "Tasks of this type wait; nothing is lost. Other types are not affected.",
  symptoms: ["`mcp_active_workers` of the type is 0.", "The oldest task of the type gets older."],
  diagnosis: [
    {
      text: "Are workers of the type wanted, and are they there?",
      commands: [
        workersStatus,
        workerProcesses,
        query("active-of-type", "Active workers by type.", "sum by (type) (mcp_active_workers)", {
          firing: { matches: "^0 .*type" },
        }),
      ],
    },
    {
      text: "Do they crash, or not start?",
      commands: [
        logs("worker-log", "Crashes and starts of workers.", "Worker.*(crashed|exited|started|stopp)|Scaling"),
      ],
    },
  ],
  mitigation: [
    {
      cause: "The type was scaled to zero",
      fault: "scale-type-to-zero",
      steps: [
        {
          text: "Scale it back to what the configuration says (`WORKERS_PER_TYPE`):",
          commands: [
            admin(
              "scale-back",
              "As many workers of the type on this replica as it is configured to have.",
              "/api/v1/admin/workers/scale",
              `{"type": "'"$TYPE"'", "count": '"\${WORKERS_PER_TYPE:-1}"'}`,
              { firing: { matches: '"count":[1-9]' } },
            ),
          ],
        },
      ],
    },
    {
      cause: "Its workers crash at the start",
      steps: [{ text: "The log has the reason. A handler module that does not load needs a fix or the last release." }],
    },
    { cause: "Its workers hang", steps: [{ text: "Restart the service:", commands: [restart] }] },
  ],
  escalation: "To the team that owns the task type after 15 minutes.",
  prevention: [
    "Scale to zero only with a date to scale up again.",
    "A test that loads every handler module before a rollout.",
  ],
  corrections: [],
  related: ["NoActiveWorkers", "WorkerCrashesPersist"],
});
