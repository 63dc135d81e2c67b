import type { Facts } from "../alert.ts";
import { liftRate, limitRate, query, redis, redisMemory } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `Redis has used more than ${facts.threshold} of \`maxmemory\` for ${facts.for}.`,
  impact: "At 80 % the service refuses new tasks with 503; at 100 % Redis refuses every write, acknowledgements too.",
  first: ["redis-memory", "depths"],
  symptoms: ["`mcp_redis_memory_used_ratio` rises."],
  diagnosis: [
    {
      text: "What fills it? A pending entry takes about 550 bytes more than a waiting one.",
      commands: [
        redisMemory,
        query("memory-ratio", "Share of memory in use.", "max(mcp_redis_memory_used_ratio)", {
          firing: { numberAbove: facts.limit },
          healthy: { numberBelow: facts.limit },
        }),
        query("depths", "Depth of every queue, deepest first.", "max by (queue) (mcp_queue_depth)"),
        redis("dlq-length", "Entries of the dead letter queue.", "XLEN mcp:queue:dlq"),
        redis(
          "big-keys",
          "The largest keys by a sample of each, with pauses in between.",
          "--memkeys -i 0.01 | grep 'Biggest'",
        ),
      ],
    },
  ],
  mitigation: [
    {
      cause: "Queues are deep",
      steps: [{ text: "See QueueDepthSpike. Slow the submitters down meanwhile.", commands: [limitRate, liftRate] }],
    },
    { cause: "Dead letters pile up", steps: [{ text: "Retry or discard them, see DeadLetterQueueGrowing." }] },
    {
      cause: "Results are large or kept for long",
      steps: [{ text: "Lower `RESULT_TTL_SECONDS` or `MAX_RESULT_BYTES`." }],
    },
    {
      cause: "A key that is not the service's",
      fault: "fill-redis",
      steps: [{ text: "Find whose it is, and give it a Redis of its own." }],
    },
  ],
  escalation: "To the owner of Redis above 90 %.",
  prevention: ["Enough memory for the longest outage of an upstream.", "A Redis of its own for the queues."],
  corrections: [],
  related: ["QueueDepthSpike", "DeadLetterQueueGrowing"],
});
