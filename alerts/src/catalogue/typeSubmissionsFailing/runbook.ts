import type { Facts } from "../alert.ts";
import { grantRights, logs, query, rateLimitOff, redis, redisDenied } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For ${facts.for}, the service has answered more than ${facts.threshold} of the tasks for one lane of a type with 429 or ` +
    "5xx, and still does. It accepts other tasks.",
  impact: "Clients cannot submit tasks of this type to this lane. Accepted tasks are safe and are processed.",
  first: [
    query(
      "refused-tasks",
      "Which tasks are refused, and why? Tasks of the last five minutes. `redis`: Redis refuses the queue. `overload`: the queue " +
        "is full. `rate_limit`: the limit is on. `internal`: a defect, or a queue that is damaged.",
      'sum by (type, lane, cause) (increase(mcp_tasks_submitted_total{cause=~"rate_limit|overload|redis|internal"}[5m])) > 0',
      {
        expected: "the `cause` for the type and lane of the alert; nothing, once it is fixed",
        firing: { matches: "cause", not: "" },
        healthy: { nothing: true },
      },
    ),
    redisDenied,
    logs("submission-log", "What does the log say about submissions?", "submission|Not accepted", CONTEXT),
  ],
  diagnosis: [
    redis("queue-type", "Is the key of the queue a stream?", 'TYPE "$QUEUE"', {
      expected: "`stream`, or `none` if nothing was ever submitted",
      firing: { matches: "^(stream|none)$", not: "string" },
    }),
    redis(
      "queue-length",
      "How many messages are in the queue? `MAX_QUEUE_DEPTH` is the limit.",
      'XLEN "$QUEUE"',
      CONTEXT,
    ),
  ],
  mitigation: [
    {
      cause: "`redis`: Redis denies a command on the queue",
      fault: "refuse-submissions-of-a-lane",
      steps: [grantRights],
    },
    {
      cause: "`internal`: the key of the queue is not a stream",
      steps: [
        "Another program has written it. Rename the key (`RENAME`, without `mcp:`), and find the program. The service creates the queue again.",
      ],
    },
    {
      cause: "`overload`: the queue is full",
      steps: [
        "Follow [QueueDepthSpike](QueueDepthSpike.md). If its workers keep up and it is full all the same, raise " +
          "`MAX_QUEUE_DEPTH` ([how](README.md#settings)).",
      ],
    },
    {
      cause: "`rate_limit`: the limit was left on, or is too low",
      steps: [
        "All types share the limit. Large batches and bursts are refused most, and small ones pass.",
        "Does no incident need the limit? Then remove it. Otherwise set a higher one: [QueueDepthSpike](QueueDepthSpike.md).",
        rateLimitOff("Remove the limit."),
      ],
    },
  ],
  escalation: "After 15 minutes, call the owner of the type and the platform team.",
  prevention: [
    "Give the service's Redis user `~mcp:*`, and not single keys.",
    "Let clients retry 429 and 503 after the time in `Retry-After`.",
  ],
  corrections: [],
  related: ["SubmissionsFailing", "QueueDepthSpike", "SwitchLeftOn"],
});
