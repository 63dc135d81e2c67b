import type { Facts } from "../alert.ts";
import {
  grantRights,
  logs,
  query,
  rateLimitOff,
  redisDenied,
  redisMemory,
  redisPing,
  redisReplication,
  startRedis,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, the service has answered more than ${facts.threshold} of the submissions with 429 or 5xx.`,
  impact: "Clients cannot submit tasks. Accepted tasks are safe and are processed.",
  first: [
    query(
      "refusals",
      "Why? Submissions that failed in five minutes, by cause. `rate_limit`: the limit is on. `overload`: a queue or Redis is " +
        "full. `redis`: Redis refuses, or does not answer. `shutdown`, `not_ready`: it stops or starts. `internal`: a defect.",
      'sum by (cause) (increase(mcp_http_requests_total{route=~"submit|submit_batch", cause=~"rate_limit|overload|redis|shutdown|not_ready|internal"}[5m])) > 0',
      { expected: "nothing, once it is fixed", firing: { matches: "cause", not: "" }, healthy: { nothing: true } },
    ),
    redisPing,
    redisMemory,
  ],
  diagnosis: [
    redisDenied,
    logs("submission-log", "What does the log say about submissions?", "submission|Not accepted", CONTEXT),
  ],
  mitigation: [
    {
      cause: "`rate_limit`: the limit was left on, or is too low",
      steps: [
        "Is Redis below 80 % of its memory (command 3), and does no incident need the limit? Then remove it. Otherwise set a " +
          "higher one: [QueueDepthSpike](QueueDepthSpike.md).",
        rateLimitOff("Remove the limit."),
      ],
    },
    {
      cause: "`redis`: Redis denies a command",
      fault: "refuse-submissions",
      steps: [grantRights],
    },
    {
      cause: "`redis`: Redis does not answer, or is read-only",
      steps: [
        startRedis,
        redisReplication,
        "`role:slave`: connect the service to the master (`REDIS_URL`, [how](README.md#settings)). A full disk: follow " +
          "[RedisNotDurable](RedisNotDurable.md).",
      ],
    },
    {
      cause: "`overload`: a queue or Redis is full",
      steps: [
        "Redis above 80 % (command 3): [RedisMemoryHigh](RedisMemoryHigh.md). Otherwise: [QueueDepthSpike](QueueDepthSpike.md).",
      ],
    },
    {
      cause: "`shutdown`, `not_ready` or `internal`",
      steps: [
        "`shutdown` and `not_ready` end with the restart: if they last, follow [NoActiveWorkers](NoActiveWorkers.md). For " +
          "`internal`, roll back ([how](README.md#settings)) and report the log.",
      ],
    },
  ],
  escalation: "Call the platform team at once.",
  prevention: [
    "Let clients retry 429 and 503 after the time in `Retry-After`.",
    "Test a change of Redis permissions before you make it.",
  ],
  corrections: [],
  related: ["TypeSubmissionsFailing", "SwitchLeftOn", "QueueDepthSpike", "RedisMemoryHigh"],
});
