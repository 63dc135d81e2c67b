import type { Facts } from "../alert.ts";
import {
  change,
  limitRate,
  query,
  redisMemory,
  SWITCH_OFF,
  SWITCH_ON,
  scaleEmergency,
  taskRates,
  UPSTREAM_DOWN,
  upstreamLatency,
  workersLeadOn,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `One queue has held more than ${facts.threshold} for ${facts.for}. HighConsumerLag fires earlier.`,
  impact:
    "Clients wait longer, and Redis fills up: from 80 % of its memory on, new tasks get 503. Accepted tasks are safe.",
  first: [redisMemory, workersLeadOn],
  diagnosis: [
    query("depths", "Which queues are deep?", "max by (queue) (mcp_queue_depth)", {
      expected: `more than ${facts.limit}`,
      firing: { numberAbove: facts.limit },
      healthy: { numberBelow: facts.limit + 1 },
    }),
    taskRates,
    upstreamLatency,
  ],
  mitigation: [
    {
      cause: "Redis is above 80 % of its memory",
      steps: [limitRate, scaleEmergency],
    },
    { cause: "An external API is slow or down", fault: "stall-upstream-flood", steps: [UPSTREAM_DOWN] },
    {
      cause: "More load than the workers can carry",
      steps: [
        "If it is an expected batch and the queue shrinks, wait. Otherwise limit the rate as above, and add workers: " +
          "[HighConsumerLag](HighConsumerLag.md).",
      ],
    },
    {
      cause: "HighACKFailureRate fires too",
      steps: ["Follow [HighACKFailureRate](HighACKFailureRate.md)."],
    },
    {
      cause: "The express lane is full of tasks without urgency",
      steps: [
        change(
          "bypass",
          "Send new express tasks to the regular lane. Ask the owner of the client first: urgent ones wait too.",
          "express-bypass enable",
          {
            firing: SWITCH_ON,
            undo: change(
              "bypass-off",
              "When the client is fixed, open the express lane again.",
              "express-bypass disable",
              {
                firing: SWITCH_OFF,
              },
            ),
          },
        ),
      ],
    },
  ],
  escalation:
    "Call the platform team and the owner of the client: at once if Redis is above 80 %, otherwise after 15 minutes.",
  prevention: [
    "Give Redis memory for the longest outage of an external API.",
    "Set `RATE_LIMIT_PER_SECOND` and `MAX_QUEUE_DEPTH`.",
    "Let the workers follow the backlog (`AUTOSCALE=true`).",
  ],
  corrections: [
    {
      was: "`maxmemory-policy allkeys-lru`",
      now: "`noeviction`. The service checks it and is not ready otherwise.",
      why: "When memory is short, allkeys-lru evicts whole streams, with every waiting task.",
    },
    {
      was: "600 XADDs as a test of this alert",
      now: "The fire drill stalls an external API first.",
      why: "Workers finish 600 entries in milliseconds, and the depth must last for minutes.",
    },
    {
      was: "`curl .../metrics | grep rate.*mcp_tasks_enqueued_total`",
      now: "The PromQL query of the rate.",
      why: "`/metrics` has counters only.",
    },
    {
      was: "`export WORKERS_PER_TYPE=8` and `supervisorctl restart`",
      now: "`POST /api/v1/admin/workers/scale`.",
      why: "What a shell exports does not reach a program of supervisord.",
    },
  ],
  related: ["HighConsumerLag", "RedisMemoryHigh", "NoActiveWorkers"],
});
