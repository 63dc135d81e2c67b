import type { Facts } from "../alert.ts";
import {
  laneLengths,
  logs,
  query,
  redis,
  scaleUp,
  taskRates,
  UPSTREAM_DOWN,
  upstreamErrors,
  upstreamLatency,
  workersLeadOn,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, one queue has had more than ${facts.threshold} to finish, waiting or pending.`,
  impact: "Clients wait longer. Nothing is lost.",
  first: [
    workersLeadOn,
    query(
      "lag-trend",
      "Does the lag grow, in messages per second? Below 0, it shrinks.",
      "max by (queue) (deriv(mcp_consumer_group_lag[2m]))",
      CONTEXT,
    ),
    upstreamLatency,
  ],
  diagnosis: [
    redis("queue-length", "How many messages are in the queue now?", 'XLEN "$QUEUE"', {
      expected: `more than ${facts.limit}`,
      firing: { numberAbove: facts.limit },
      healthy: { numberBelow: facts.limit + 1 },
    }),
    taskRates,
    logs("slow-tasks", "Which tasks are slow?", "EXPRESS SLOW|took .* ms", CONTEXT),
    redis(
      "stuck",
      "Which messages have been pending for over a minute, for which consumer?",
      'XPENDING "$QUEUE" "$GROUP" IDLE 60000 - + 10',
      CONTEXT,
    ),
  ],
  mitigation: [
    {
      cause: "An external API is slow or down",
      fault: "stall-upstream-small-backlog",
      steps: [UPSTREAM_DOWN, upstreamErrors],
    },
    {
      cause: "More load than the workers can carry",
      steps: [
        "If the lag shrinks, look again after 15 minutes. Otherwise:",
        scaleUp,
        "If the host is full, run a replica on another one ([how](../../../docs/guides/scaling.md)).",
      ],
    },
    {
      cause: "Messages are pending for a consumer that is gone",
      steps: [
        "Orphan recovery takes them over within 90 s. If not, follow [HighACKFailureRate](HighACKFailureRate.md). Never " +
          "`XCLAIM` by hand: they would not run.",
      ],
    },
    {
      cause: "Urgent tasks are in the regular queue",
      steps: [laneLengths, "Check what clients send: from priority 12 on, a task uses the express queue."],
    },
  ],
  escalation: "After 30 minutes, call the owner of the client that sends the load, otherwise the platform team.",
  prevention: ["Let the workers follow the backlog (`AUTOSCALE=true`).", "Set timeouts for tasks and external APIs."],
  corrections: [
    {
      was: "`curl .../metrics | grep rate.*mcp_tasks_completed_total`",
      now: "The PromQL query of the rate.",
      why: "`/metrics` has counters only; Prometheus computes rates.",
    },
    {
      was: "`XCLAIM` of stuck messages by hand",
      now: "Left to orphan recovery.",
      why: "The new consumer does not know of them, so they stay pending. Their own worker may still run them.",
    },
    {
      was: "A restart to change `WORKERS_PER_TYPE`",
      now: "`POST /api/v1/admin/workers/scale`, at once.",
      why: "A restart returns running tasks to their queue when capacity is short.",
    },
  ],
  related: ["QueueDepthSpike", "ExpressLatencyHigh", "NoActiveWorkers"],
});
