import type { Facts } from "../alert.ts";
import { logs, query, redis, redisLatency, redisPing } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `The service answers, but for ${facts.for} it could not read the state of its queues from Redis.`,
  impact:
    "Tasks may still be processed. Depth, age, memory and task accounting are unknown, so other incidents are hidden.",
  symptoms: [
    "`mcp_redis_state_known` is 0 and the gauges of queues are missing.",
    "Alerts on queues that fired before keep firing.",
  ],
  diagnosis: [
    {
      text: "Does Redis answer, and how fast? The service gives up after half a second.",
      commands: [
        redisPing,
        redisLatency,
        query("state-known", "0 for each replica that cannot read the state.", "mcp_redis_state_known == 0", {
          firing: { matches: "^0 " },
          healthy: { nothing: true },
        }),
      ],
    },
    {
      text: "Is a command refused, or a queue not readable?",
      commands: [
        redis("denied", "The newest commands that Redis refused to a user.", "ACL LOG 5"),
        redis("slow-commands", "The slowest commands of late.", "SLOWLOG GET 5"),
        logs("redis-log", "What the service says about Redis.", "Redis"),
      ],
    },
  ],
  mitigation: [
    {
      cause: "The service's Redis user lost a permission",
      fault: "refuse-redis-state",
      steps: [
        {
          text: "Give the permission back as the ACL file has it: `ACL LOAD` reads the file again. Keep the change in the file.",
        },
      ],
    },
    {
      cause: "Redis is slow or overloaded",
      steps: [{ text: "Find the slow command or the full CPU (above), and stop what causes it." }],
    },
    {
      cause: "A key of a queue holds another type of value",
      steps: [{ text: "The log names the key. Rename it to keep its content; the service creates the stream again." }],
    },
  ],
  escalation: "To the owner of Redis after 15 minutes.",
  prevention: [
    "A Redis of its own for the queues.",
    "Changes to the ACL file are reviewed against the documented permissions.",
  ],
  corrections: [],
  related: ["NoActiveWorkers", "RedisMemoryHigh"],
});
