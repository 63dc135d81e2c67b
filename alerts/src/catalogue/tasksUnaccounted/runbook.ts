import type { Facts } from "../alert.ts";
import { admin, logs, query, redis } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For ${facts.for} the task accounting of one type and lane has not matched: what was accepted is not what is completed, dead, ` +
    "waiting, running and retrying together. Above 0 tasks are missing, below 0 some are counted twice.",
  impact: "A task may be lost, or have run twice. Nothing else tells you.",
  first: ["unaccounted"],
  symptoms: [
    "`mcp_tasks_unaccounted` is not 0.",
    "Seen are: entries that were deleted or added by hand; tasks counted twice after a backup was restored; and tasks that a " +
      "replica had answered as accepted and that Redis no longer knows after a fail-over or a restart from an older state " +
      "(these may have completed before; the log says `Redis has lost`).",
    "Not seen are: tasks that a replica had accepted before its own last start and that were lost after it, and lost results " +
      "of tasks that then ran again.",
  ],
  diagnosis: [
    {
      text: "How many, and since when?",
      commands: [
        query("unaccounted", "Tasks that are unaccounted for.", "mcp_tasks_unaccounted != 0", {
          firing: { matches: "-?\\d+ .*type" },
          healthy: { nothing: true },
        }),
      ],
    },
    {
      text: "Was the stream edited out of band (XDEL, XTRIM, DEL, XGROUP), or was Redis restored from a backup?",
      commands: [
        redis("stream", "Entries ever added, and the last id that was deleted.", 'XINFO STREAM "$QUEUE"', {
          firing: { matches: "entries-added" },
        }),
        redis(
          "commands",
          "How often such commands were called since Redis started.",
          "INFO commandstats | grep -E 'cmdstat_(xdel|xtrim|del|flushall|xgroup)'",
        ),
        logs("late", "Results that were dropped since the entry had another owner.", "late finish dropped"),
      ],
    },
  ],
  mitigation: [
    {
      cause: "Entries were deleted by hand, or Redis lost data",
      fault: "lose-an-entry",
      steps: [
        {
          text: "Submit the tasks again; with their own task_id it is safe to submit more than were lost.",
        },
        {
          text:
            "Then write off the lost tasks, or the alert stays: as many as are unaccounted for (above; 1 stands " +
            "for that number, below 0 where tasks were counted twice). Another number is refused.",
          commands: [
            admin(
              "write-off",
              "Corrects the task accounting of this lane; it brings no task back.",
              "/api/v1/admin/books/write-off",
              `{"type": "'"$TYPE"'", "lane": "'"$LANE"'", "count": 1}`,
              { firing: { matches: '"count":1' } },
            ),
          ],
        },
      ],
    },
    {
      cause: "A defect of the service",
      steps: [{ text: "Keep the log and the stream's state (above) and report it: this must not happen." }],
    },
  ],
  escalation: "To the platform team in working hours; at once if the number grows.",
  prevention: ["No XTRIM, XDEL or MAXLEN on work streams.", "Redis with AOF, and a replica."],
  corrections: [],
  related: ["DeadLetterQueueGrowing"],
});
