import type { Facts } from "../alert.ts";
import { logs, query, workersStatus } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `At least ${facts.threshold} of one type died within ${facts.window}, for ${facts.for}. The rate is too low for ` +
    "WorkerCrashRateHigh.",
  impact:
    "Each crash interrupts tasks, which run again. A task that takes its worker down each time ends as a dead letter.",
  symptoms: ["`mcp_worker_crashes_total` of the type grows.", "Tasks of the type are retried."],
  diagnosis: [
    {
      text: "Which type, and why? `oom` is memory, `unresponsive` a blocked event loop, `exit` an error at the start.",
      commands: [
        query(
          "crashes-by-reason",
          "Crashes of the last 45 minutes by type and reason.",
          "sum by (type, reason) (increase(mcp_worker_crashes_total[45m])) > 0",
          { firing: { matches: "type" } },
        ),
        workersStatus,
        logs("crash-lines", "The last crashes.", "Worker.*crashed"),
      ],
    },
  ],
  mitigation: [
    {
      cause: "Memory grows until the limit",
      steps: [
        { text: "Restarting only buys time. Find the leak in the handler, or raise `WORKER_MEMORY_LIMIT_BYTES`." },
      ],
    },
    {
      cause: "Processes are killed from outside",
      fault: "kill-workers-of-a-type",
      steps: [{ text: "Find what kills them: the kernel's OOM killer, an operator, another program." }],
    },
    { cause: "The handler fails at its start", steps: [{ text: "Deploy the last release that worked." }] },
  ],
  escalation: "To the team that owns the task type in working hours.",
  prevention: ["Memory profiles of handlers under load.", "Limits that leave room for the largest task."],
  corrections: [],
  related: ["WorkerCrashRateHigh", "TypeWithoutWorkers"],
});
