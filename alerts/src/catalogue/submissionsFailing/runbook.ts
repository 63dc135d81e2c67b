import type { Facts } from "../alert.ts";
import { liftRate, logs, query, redis, redisMemory } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for} the service has answered more than ${facts.threshold} of the submissions with 429 or 5xx.`,
  impact: "Clients cannot submit tasks. What was accepted before is safe and is processed.",
  symptoms: ["`mcp_http_requests_total` of the submit routes grows with a cause other than `none`."],
  diagnosis: [
    {
      text: "Why are they refused? `rate_limit`: the limit is on. `overload`: a queue or Redis is full. `redis`: Redis refuses or does not answer.",
      commands: [
        query(
          "refusals",
          "Submissions of the last five minutes by cause.",
          'sum by (cause) (increase(mcp_http_requests_total{route=~"submit|submit_batch"}[5m])) > 0',
          { firing: { matches: "cause" } },
        ),
        redis("denied-commands", "The newest commands that Redis refused to a user.", "ACL LOG 5"),
        redisMemory,
        logs("submission-log", "What the log says about submissions.", "submission|Not accepted"),
      ],
    },
  ],
  mitigation: [
    { cause: "The rate limit was left on", steps: [{ text: "Switch it off:", commands: [liftRate] }] },
    {
      cause: "Redis refuses writes of the service",
      fault: "refuse-submissions",
      steps: [
        { text: "Give the permission back as the ACL file has it (`ACL LOAD`), or free the disk or memory of Redis." },
      ],
    },
    { cause: "Queues are at their limit", steps: [{ text: "See QueueDepthSpike." }] },
  ],
  escalation: "To the on-call engineer at once.",
  prevention: ["SwitchLeftOn reports a limit that stays on.", "Clients that retry 429 and 503 with back-off."],
  corrections: [],
  related: ["SwitchLeftOn", "QueueDepthSpike", "RedisMemoryHigh"],
});
