import type { Facts } from "../alert.ts";
import { logs, query, redis, restart } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `Due retries or delayed tasks of one lane have not been put back into their queue: more than ${facts.threshold} late, for ${facts.for}.`,
  impact: "These tasks do not run. They are safe in Redis and in the task accounting, and no other alert sees them.",
  symptoms: ["`mcp_oldest_overdue_seconds` grows.", "`mcp_delayed_tasks` does not fall."],
  diagnosis: [
    {
      text: "How many, and how late?",
      commands: [
        query(
          "overdue",
          "Time by which the first task of each lane is overdue, in seconds.",
          "max by (type, lane) (mcp_oldest_overdue_seconds)",
          {
            firing: { numberAbove: facts.limit },
            healthy: { numberBelow: facts.limit },
          },
        ),
        query("delayed-tasks", "Delayed tasks by type and lane.", "max by (type, lane) (mcp_delayed_tasks) > 0"),
      ],
    },
    {
      text: "What stops the promotion?",
      commands: [
        logs("promotion-log", "Failures of the promotion.", "promotion"),
        redis("denied-commands", "The newest commands that Redis refused to a user.", "ACL LOG 5"),
      ],
    },
  ],
  mitigation: [
    {
      cause: "The service's Redis user lost a permission",
      fault: "refuse-promotion",
      steps: [{ text: "Give it back as the ACL file has it (`ACL LOAD`). The tasks are promoted within seconds." }],
    },
    {
      cause: "The promotion hangs",
      steps: [{ text: "Restart the service; any replica promotes what is due:", commands: [restart] }],
    },
  ],
  escalation: "To the platform team in working hours; at once if the number grows.",
  prevention: ["Changes to the ACL file are reviewed against the documented permissions."],
  corrections: [],
  related: ["TasksUnaccounted", "HighConsumerLag"],
});
