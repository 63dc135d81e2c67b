import type { Facts } from "../alert.ts";
import {
  api,
  logs,
  query,
  redis,
  scaleBack,
  scaleUp,
  upstreamLatency,
  upstreamSteps,
  workersStatus,
} from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `The consumers of one queue have had more than ${facts.threshold} to finish, waiting or pending, for ${facts.for}.`,
  impact: "Tasks of that queue wait longer; service levels are missed.",
  first: ["workers-status", "upstream-latency"],
  symptoms: ["`mcp_consumer_group_lag` rises.", "`mcp_oldest_task_age_seconds` rises."],
  diagnosis: [
    {
      text: "How far behind, and is it growing?",
      commands: [
        redis("queue-length", "Entries of the queue: all that is not finished.", 'XLEN "$QUEUE"', {
          firing: { numberAbove: facts.limit },
          healthy: { numberBelow: facts.limit + 1 },
        }),
        query(
          "lag-trend",
          "By how many messages per second each lag grows (negative: it shrinks).",
          "sum by (queue) (deriv(mcp_consumer_group_lag[2m]))",
        ),
      ],
    },
    {
      text: "Are the workers at work?",
      commands: [
        workersStatus,
        query(
          "completed-rate",
          "Tasks completed per second, by type.",
          "sum by (type) (rate(mcp_tasks_completed_total[1m]))",
        ),
        query(
          "enqueued-rate",
          "Tasks accepted per second, by type.",
          "sum by (type) (rate(mcp_tasks_enqueued_total[1m]))",
        ),
      ],
    },
    {
      text: "Are tasks slow, or stuck?",
      commands: [
        upstreamLatency,
        logs("slow-tasks", "Slow tasks in the log.", "EXPRESS SLOW|took .* ms"),
        redis(
          "stuck",
          "Messages that have been pending for more than a minute.",
          'XPENDING "$QUEUE" "$GROUP" IDLE 60000 - + 10',
        ),
        api("oldest", "The state of every queue, with the age of its oldest task.", "/api/v1/queues", ".", {
          firing: { matches: "depth" },
        }),
      ],
    },
  ],
  mitigation: [
    { cause: "An external API is slow or down", fault: "stall-upstream-small-backlog", steps: upstreamSteps },
    { cause: "A load spike", steps: [{ text: "Watch it for 15 minutes. A lag that shrinks needs nothing." }] },
    { cause: "Too few workers for the load", steps: [{ text: "Add workers:", commands: [scaleUp, scaleBack] }] },
    {
      cause: "Messages are pending with a consumer that is gone",
      steps: [
        {
          text: "Orphan recovery claims them within 30 s. If it cannot, see HighACKFailureRate. Do not XCLAIM by hand into a consumer that does not run them.",
        },
      ],
    },
    {
      cause: "Urgent tasks are in the regular queue",
      steps: [
        { text: "Tasks of priority 12 and above go to the express queue. Check the priority that submitters send." },
      ],
    },
  ],
  escalation: "To the owners of the submitting service when the load is theirs; to the platform team after 30 minutes.",
  prevention: [
    "Let the service scale its workers by lag (`AUTOSCALE=true`).",
    "Time-outs for tasks and upstreams, so that one slow API does not hold the slots.",
    "Meaningful priorities: 12 and above only for tasks that a user waits for.",
  ],
  corrections: [
    {
      was: "`curl .../metrics | grep rate.*mcp_tasks_completed_total`",
      now: "The PromQL query of the rate.",
      why: "A rate is computed by Prometheus; the metrics page has counters only, and the grep finds nothing.",
    },
    {
      was: "`XCLAIM` of stuck messages by hand",
      now: "Left to orphan recovery.",
      why: "The consumer they are claimed for does not know of them, so they stay pending; and their own worker may still be at work.",
    },
    {
      was: "A restart to change `WORKERS_PER_TYPE`",
      now: "`POST /api/v1/admin/workers/scale`, at once.",
      why: "A restart hands back what is in flight, in the moment when capacity is short.",
    },
  ],
  related: ["QueueDepthSpike", "ExpressLatencyHigh", "NoActiveWorkers"],
});
