import type { Facts } from "../alert.ts";
import { consumerGroups, query, redis, resume, workersStatus } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, the oldest unfinished task of one queue has been older than ${facts.threshold}.`,
  impact: "Clients of these tasks wait. The queue may be short, and others healthy.",
  first: [
    query(
      "ages",
      "Which queues have old tasks? Age of the oldest, in seconds.",
      "max by (queue) (mcp_oldest_task_age_seconds)",
      {
        expected: `more than ${facts.limit}`,
        firing: { numberAbove: facts.limit },
        healthy: { numberBelow: facts.limit },
      },
    ),
    workersStatus,
  ],
  diagnosis: [
    redis(
      "oldest-entry",
      "Which `task_id` is it? `explain` of `mcp-orchestrator` says why it does not run.",
      'XRANGE "$QUEUE" - + COUNT 1',
      {
        firing: { matches: "payload", not: "" },
      },
    ),
    consumerGroups,
  ],
  mitigation: [
    {
      cause: "The type is paused by an administrator",
      fault: "pause-with-an-old-task",
      steps: [resume],
    },
    {
      cause: "A circuit breaker is open",
      steps: ["The external API of the type is down, and its tasks wait: check the provider's status page."],
    },
    {
      cause: "One task never ends",
      steps: [
        "It fails after `TASK_TIMEOUT_MS`. To end it sooner, lower that for all types, with a restart ([how](README.md#settings)).",
      ],
    },
    {
      cause: "Another cause",
      steps: [
        "A second group: [HighACKFailureRate](HighACKFailureRate.md). No workers: " +
          "[TypeWithoutWorkers](TypeWithoutWorkers.md). Too few: [WorkersMissing](WorkersMissing.md). A backlog: [HighConsumerLag](HighConsumerLag.md).",
      ],
    },
  ],
  escalation: "After 30 minutes, call the owner of the type.",
  prevention: ["Set `TASK_TIMEOUT_MS` to what a client waits for.", "When you pause a type, note when to resume."],
  corrections: [],
  related: ["HighConsumerLag", "TypeWithoutWorkers", "SwitchLeftOn"],
});
