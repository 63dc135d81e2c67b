import type { Facts } from "../alert.ts";
import { admin, query, redis, workersStatus } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `The oldest unfinished task of one queue has been older than ${facts.threshold} for ${facts.for}.`,
  impact: "Its submitter waits for a result that does not come. The queue may be too short for HighConsumerLag.",
  symptoms: ["`mcp_oldest_task_age_seconds` grows by one each second."],
  diagnosis: [
    {
      text: "How old, and is the type held back (a pause, an open circuit breaker)?",
      commands: [
        query(
          "ages",
          "Age of the oldest task of each queue, in seconds.",
          "max by (queue) (mcp_oldest_task_age_seconds)",
          {
            firing: { numberAbove: facts.limit },
            healthy: { numberBelow: facts.limit },
          },
        ),
        workersStatus,
      ],
    },
    {
      text: "Is it waiting, or does a consumer have it? `/api/v1/tasks/{id}/explain` says why one task does not run.",
      commands: [
        redis("first-entries", "The oldest entries of the queue.", 'XRANGE "$QUEUE" - + COUNT 3', {
          firing: { matches: "^\\d+-\\d+$" },
        }),
        redis(
          "pending-oldest",
          "The oldest entries that a consumer has, with idle time and deliveries.",
          'XPENDING "$QUEUE" "$GROUP" - + 3',
        ),
      ],
    },
  ],
  mitigation: [
    {
      cause: "The type is paused",
      fault: "pause-with-an-old-task",
      steps: [
        {
          text: "Resume it when the reason is gone:",
          commands: [
            admin("resume", "Workers take tasks of the type again.", "/api/v1/admin/types/$TYPE/resume", undefined, {
              firing: { matches: '"paused":' },
            }),
          ],
        },
      ],
    },
    {
      cause: "An upstream is down",
      steps: [{ text: "Wait for it; the tasks keep their attempts. See `mcp_circuit_state`." }],
    },
    { cause: "Too few workers", steps: [{ text: "See HighConsumerLag." }] },
  ],
  escalation: "To the team that owns the task type after an hour.",
  prevention: ["A pause with a date to end it.", "A time-out for every external call."],
  corrections: [],
  related: ["HighConsumerLag", "SwitchLeftOn", "TypeWithoutWorkers"],
});
