import type { Facts } from "../alert.ts";
import {
  grantRights,
  logs,
  query,
  redisBusy,
  redisDenied,
  redisLatency,
  redisLog,
  redisPing,
  redisSlowlog,
  startRedis,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, no replica has been able to read the state of the queues from Redis.`,
  impact:
    "Tasks may still run, or submissions fail. Depth, age, dead letters, memory and task accounting are not measured: their " +
    "alerts neither begin to fire nor resolve.",
  first: [
    query("state-known", "Which replicas can read it? 1: yes, 0: no.", "min by (instance) (mcp_redis_state_known)", {
      expected: "`0 {...}` for each replica; `1 {...}`, once fixed",
      firing: { matches: "^0 ", not: "1 {}" },
      healthy: { matches: "^1 ", not: "0 {}" },
    }),
    redisPing,
    redisDenied,
  ],
  diagnosis: [
    redisLatency,
    redisSlowlog,
    logs("state-log", "Why could it not be read?", "[Ss]napshot|state of the queues|NOPERM", CONTEXT),
  ],
  mitigation: [
    {
      cause: "Redis denies a command",
      fault: "refuse-redis-state",
      steps: [grantRights],
    },
    {
      cause: "Redis is slow",
      steps: [redisBusy, "Stop slow commands of other programs. Free memory and CPU."],
    },
    { cause: "Redis does not answer", steps: [redisLog, startRedis, "If it runs, check the network to it."] },
  ],
  escalation: "Call the owner of Redis at once.",
  prevention: ["Test a change of Redis permissions before you make it."],
  corrections: [],
  related: ["NoActiveWorkers", "RedisMemoryHigh", "SubmissionsFailing"],
});
