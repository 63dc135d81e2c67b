import type { Facts } from "../alert.ts";
import { limitRate, query, raiseMaxmemory, redis, redisMemory } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `Redis has used more than ${facts.threshold} of its memory (\`maxmemory\`) for ${facts.for}.`,
  impact: "At 80 %, new tasks get 503. At 100 %, Redis rejects every write, and results are lost.",
  first: [
    redisMemory,
    query("depths", "Are queues deep (above 500)?", "max by (queue) (mcp_queue_depth)", CONTEXT),
    redis("dlq-length", "Are there many dead letters (above 1000)?", "XLEN mcp:queue:dlq", CONTEXT),
  ],
  diagnosis: [
    query("memory-ratio", "What share of the memory is used?", "max(mcp_redis_memory_used_ratio)", {
      expected: `more than ${facts.limit}`,
      firing: { numberAbove: facts.limit },
      healthy: { numberBelow: facts.limit },
    }),
    redis(
      "big-keys",
      "Which keys are the largest? `mcp:queue:dlq`: dead letters. `mcp:results:`: results. Other `mcp:`: tasks.",
      "--memkeys -i 0.01 | grep 'Biggest'",
      CONTEXT,
    ),
  ],
  mitigation: [
    { cause: "Gain time above 80 %", steps: [raiseMaxmemory] },
    {
      cause: "Queues are deep",
      steps: ["Follow [QueueDepthSpike](QueueDepthSpike.md). Meanwhile:", limitRate],
    },
    {
      cause: "There are many dead letters",
      steps: ["Follow [DeadLetterQueueGrowing](DeadLetterQueueGrowing.md)."],
    },
    {
      cause: "Results are large or kept for long",
      steps: ["Lower `RESULT_TTL_SECONDS` or `MAX_RESULT_BYTES` ([how](README.md#settings))."],
    },
    {
      cause: "A key of another program",
      fault: "fill-redis",
      steps: ["Have its owner move it to another Redis."],
    },
  ],
  escalation: "Above 80 %, call the owner of Redis.",
  prevention: ["Give the queues a Redis of their own."],
  corrections: [],
  related: ["QueueDepthSpike", "DeadLetterQueueGrowing"],
});
