import type { Facts } from "../alert.ts";
import {
  breakers,
  logs,
  query,
  redis,
  redisLatency,
  upstreamErrors,
  upstreamLatency,
  upstreamSteps,
  workersStatus,
} from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `The 95th percentile of the latency of express tasks of one type, from submission to stored result, has been above ` +
    `${facts.threshold} for ${facts.for}. Where none finished within ${facts.window}, the age of the oldest one counts.`,
  impact: "Clients wait for these tasks.",
  first: ["upstream-latency", "redis-latency"],
  symptoms: ["`mcp_task_latency_seconds` of the express lane moves up.", "HighConsumerLag may follow."],
  diagnosis: [
    {
      text: "How slow, and which types?",
      commands: [
        query(
          "express-p95",
          "95th percentile of the express lane over the last minute, in seconds, slowest first.",
          'histogram_quantile(0.95, sum by (type, le) (rate(mcp_task_latency_seconds_bucket{lane="express"}[1m]))) > 0',
          { firing: { numberAbove: facts.limit } },
        ),
        logs("slow-tasks", "Slow tasks in the log.", "EXPRESS SLOW|took .* ms"),
      ],
    },
    {
      text: "Is it the external API? Compare its latency with that of the tasks.",
      commands: [upstreamLatency, upstreamErrors, breakers],
    },
    {
      text: "Is it Redis?",
      commands: [redisLatency, redis("slowlog", "The slowest commands of late.", "SLOWLOG GET 10")],
    },
    {
      text: "Is it the host, or too few workers?",
      commands: [
        workersStatus,
        {
          id: "host-load",
          why: "Load and memory of the host.",
          run: "uptime; free -m",
          firing: { matches: "load average" },
        },
      ],
    },
  ],
  mitigation: [
    { cause: "The external API is slow", fault: "slow-upstream", steps: upstreamSteps },
    {
      cause: "Redis is slow",
      steps: [{ text: "Look at slow commands, fork times and the CPU of Redis (one core is its limit)." }],
    },
    { cause: "The host is busy", steps: [{ text: "Give it more CPU, or run fewer workers than cores can serve." }] },
    { cause: "The network", steps: [{ text: "Check the path, packet loss and the time of DNS look-ups to the API." }] },
  ],
  escalation: "None by itself. ExpressLatencyCritical follows if it gets worse.",
  prevention: [
    "Time-outs and circuit breakers for every external API (the service has both).",
    "Cache what is asked often.",
    "Watch the external APIs from outside.",
  ],
  corrections: [
    {
      was: "`curl -w @curl-format.txt https://api.perplexity.ai/status`",
      now: "The measured latency of the service's own requests.",
      why: "The format file does not exist, and a status page says little about the calls that the service makes.",
    },
    {
      was: "Redis read replicas when Redis is slow",
      now: "Not offered.",
      why: "Reading from a group is a write; replicas take no load off the primary.",
    },
  ],
  related: ["ExpressLatencyCritical", "HighConsumerLag"],
});
