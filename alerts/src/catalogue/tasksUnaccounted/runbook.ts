import type { Facts } from "../alert.ts";
import { change, logs, query, redis } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, a lane has accepted more or fewer tasks than are completed, dead, waiting, running and retrying together.`,
  impact: "Above 0, tasks may be lost; below 0, they are counted twice.",
  first: [
    query("unaccounted", "How many tasks, of which lane?", "mcp_tasks_unaccounted != 0", {
      expected: '`1 {..."type":"ml"}`, once for each replica',
      firing: { matches: "-?\\d+ .*type", not: "" },
      healthy: { nothing: true },
    }),
    redis(
      "commands",
      "Were streams emptied by hand? The service uses none of these commands. An `XDEL` by hand does not show.",
      "INFO commandstats | grep -E 'cmdstat_(xtrim|flushall|flushdb|xgroup\\|destroy):'",
      CONTEXT,
    ),
    logs("lost-log", "Did Redis lose tasks, by a failover or an older state?", "Redis has lost", CONTEXT),
  ],
  diagnosis: [
    redis(
      "stream",
      "Does the stream exist? When was its last entry added (`last-generated-id`, ms)?",
      'XINFO STREAM "$QUEUE"',
      CONTEXT,
    ),
    logs("late", "Were late results dropped?", "late finish dropped", CONTEXT),
    "Was Redis restored from a backup? Then ended tasks are counted twice.",
  ],
  mitigation: [
    {
      cause: "Entries were deleted or added by hand, or Redis lost data or was restored",
      fault: "lose-an-entry",
      steps: [
        "Above 0, clients submit their tasks of the last hour (`RESULT_TTL_SECONDS`) without a result again, with the same " +
          "`task_id`. Older ones could run twice. Below 0, they submit nothing.",
        change(
          "write-off",
          "Then write off the difference, or the alert stays. Replace `1` by the number that the first command printed. This " +
            "cannot be undone.",
          'write-off "$TYPE" "$LANE" 1',
          { expected: "`count 1`", firing: { matches: "^count\\s+1$", not: "" } },
        ),
      ],
    },
    {
      cause: "None of these",
      steps: ["It is a defect of the service: report it, with the log and the output of these commands."],
    },
  ],
  escalation:
    "Above 0, call the platform team and the owner of the client now: clients have an hour to submit again. Below 0, in " +
    "working hours; at once if it grows.",
  prevention: ["Never use XTRIM, XDEL or MAXLEN on the streams."],
  corrections: [],
  related: ["DeadLetterQueueGrowing"],
});
