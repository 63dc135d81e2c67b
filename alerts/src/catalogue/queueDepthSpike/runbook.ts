import type { Facts } from "../alert.ts";
import {
  admin,
  liftRate,
  limitRate,
  logs,
  query,
  redis,
  redisMemory,
  scaleBack,
  scaleUp,
  upstreamLatency,
  upstreamSteps,
  workerProcesses,
  workersStatus,
} from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `One queue has held more than ${facts.threshold} for ${facts.for}.`,
  impact:
    "Tasks wait longer than agreed, and Redis memory grows with the queue. At 80 % of it the service " +
    "refuses new tasks with 503; what is queued is safe.",
  first: ["redis-memory", "workers-status", "depths"],
  symptoms: [
    "`mcp_queue_depth` rises.",
    "`mcp_redis_memory_used_ratio` rises.",
    "HighConsumerLag of the same queue, inhibited by this alert.",
  ],
  diagnosis: [
    {
      text: "First: how much room is left in Redis? Above 80 % act at once (see the first mitigation).",
      commands: [redisMemory],
    },
    {
      text: "How deep is it, and where does it come from?",
      commands: [
        redis("queue-length", "Entries of the queue.", 'XLEN "$QUEUE"', {
          firing: { numberAbove: facts.limit },
          healthy: { numberBelow: facts.limit + 1 },
        }),
        query("depths", "Depth of every queue, deepest first.", "max by (queue) (mcp_queue_depth)", {
          firing: { numberAbove: facts.limit },
          healthy: { numberBelow: facts.limit + 1 },
        }),
        query(
          "enqueued-rate",
          "Tasks accepted per second over the last minute, by type.",
          "sum by (type) (rate(mcp_tasks_enqueued_total[1m]))",
        ),
        query(
          "completed-rate",
          "Tasks completed per second over the last minute, by type.",
          "sum by (type) (rate(mcp_tasks_completed_total[1m]))",
        ),
      ],
    },
    {
      text: "Are the workers running, or do they wait for an upstream?",
      commands: [
        workersStatus,
        workerProcesses,
        upstreamLatency,
        logs("stuck-workers", "Workers that hang or were killed for it.", "Worker.*(stuck|timeout)"),
      ],
    },
  ],
  mitigation: [
    {
      cause: "Redis is above 80 % of its memory",
      steps: [
        { text: "Slow the submitters down, then give the workers time.", commands: [limitRate] },
        { text: "Add workers if the host has room.", commands: [scaleUp] },
        {
          text: "Tell the on-call engineer of the submitting services. When the queue is short again:",
          commands: [liftRate, scaleBack],
        },
      ],
    },
    { cause: "An external API does not answer", fault: "stall-upstream-flood", steps: upstreamSteps },
    {
      cause: "A batch job",
      steps: [
        {
          text: "If it is expected and the queue shrinks, wait. Otherwise limit the rate and let the job slow down.",
          commands: [limitRate, liftRate],
        },
      ],
    },
    {
      cause: "The express lane is flooded by what is not urgent",
      steps: [
        {
          text: "Route new express tasks to the regular lane until the submitter is fixed.",
          commands: [
            admin("bypass", "Express tasks go to the regular lane.", "/api/v1/admin/express-bypass/enable", undefined, {
              firing: { matches: '"enabled":true' },
            }),
            admin("bypass-off", "And back.", "/api/v1/admin/express-bypass/disable", undefined, {
              firing: { matches: '"enabled":false' },
            }),
          ],
        },
      ],
    },
  ],
  escalation: "To the on-call engineer at once when Redis is above 80 % of its memory, otherwise after 15 minutes.",
  prevention: [
    "`maxmemory-policy noeviction`, and enough memory for the longest outage of an upstream.",
    "RedisMemoryHigh, which fires before the ceiling.",
    "A sustained rate limit (`RATE_LIMIT_PER_SECOND`) and a depth limit (`MAX_QUEUE_DEPTH`).",
    "Let the service scale its workers by lag (`AUTOSCALE=true`).",
  ],
  corrections: [
    {
      was: "`maxmemory-policy allkeys-lru`",
      now: "`noeviction`. The service checks it and is not ready otherwise.",
      why: "allkeys-lru evicts whole streams with their groups when memory is short: it loses every waiting task.",
    },
    {
      was: "600 XADDs as a test of this alert",
      now: "The fault drill stalls the upstream first.",
      why: "Healthy workers are through with 600 entries in milliseconds, and the depth must last for minutes.",
    },
    {
      was: "`curl .../metrics | grep rate.*mcp_tasks_enqueued_total`",
      now: "The PromQL query of the rate.",
      why: "A rate is computed by Prometheus; the grep finds nothing.",
    },
    {
      was: "`export WORKERS_PER_TYPE=8` and `supervisorctl restart`",
      now: "`POST /api/v1/admin/workers/scale`.",
      why: "supervisord starts the program with its own environment: what a shell exports does not reach it.",
    },
  ],
  related: ["HighConsumerLag", "RedisMemoryHigh", "NoActiveWorkers"],
});
