import type { Facts } from "../alert.ts";
import {
  consumerGroups,
  grantRights,
  logs,
  query,
  redis,
  redisBusy,
  redisDenied,
  redisLatency,
  redisLog,
  redisPing,
  redisReach,
  redisReplication,
  redisSlowlog,
  rollingRestart,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT, withOutput } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, all three attempts to acknowledge have failed for more than ${facts.threshold} of a lane's messages.`,
  impact: "Clients get their results, and no task runs twice. But finished messages stay in the queue and fill Redis.",
  first: [
    logs("ack-log", "Why do they fail? The word after `Redis` leads to the fix.", "ACK.*failed", {
      expected: "`RobustRedisACKHandler: ACK attempt 1 of 8 messages failed (Redis noperm)`",
      firing: { matches: "RobustRedisACKHandler: ACK (attempt|of) .*failed", not: "" },
    }),
    redisPing,
    withOutput(redisDenied, {
      expected: "an `xack` entry, if the reason is `noperm`",
      firing: { matches: "xack", not: "" },
    }),
  ],
  diagnosis: [
    query(
      "ack-failures",
      "Which lanes are affected? Messages per second.",
      "sum by (type, lane) (rate(mcp_ack_failures_total[1m])) > 0",
      { firing: { numberAbove: 0 }, healthy: { nothing: true } },
    ),
    redisLatency,
    redisReach,
    redisReplication,
    redis("pending", "Which consumers have pending messages?", 'XPENDING "$QUEUE" "$GROUP"', {
      firing: { numberAbove: 0 },
    }),
    consumerGroups,
    redis("consumers", "Is a consumer gone (`idle` above 60000 ms)?", 'XINFO CONSUMERS "$QUEUE" "$GROUP"', CONTEXT),
  ],
  mitigation: [
    {
      cause: "`noperm`: the Redis user may not acknowledge",
      fault: "revoke-ack",
      steps: [grantRights, "Orphan recovery acknowledges what is pending within 90 s."],
    },
    {
      cause: "`connection`: Redis cannot be reached",
      steps: ["Check the network to Redis.", redisLog, "If the service does not reconnect:", rollingRestart],
    },
    {
      cause: "`timeout`: Redis is slow",
      steps: [redisSlowlog, redisBusy],
    },
    {
      cause: "`oom`: Redis is full",
      steps: ["Follow [RedisMemoryHigh](RedisMemoryHigh.md)."],
    },
    {
      cause: "`role:slave`: this is a replica of Redis",
      steps: ["Point `REDIS_URL` at the master ([how](README.md#settings))."],
    },
    {
      cause: "The queue has a second group",
      steps: [
        "Stop the program that created it. Then the owner of Redis removes it with `XGROUP DESTROY`; never remove `$GROUP`.",
      ],
    },
    {
      cause: "A consumer that is gone has pending messages for over two minutes",
      steps: ["Orphan recovery does not work: restart the replicas as above, or call the platform team."],
    },
    {
      cause: "Another reason, or none",
      steps: [
        "Watch it for five minutes. If it stops, orphan recovery acknowledges the rest. Otherwise call the platform team.",
      ],
    },
  ],
  escalation: "After 15 minutes, call the owner of Redis if Redis is the cause, otherwise the platform team.",
  prevention: [
    "Monitor Redis, as RedisMemoryHigh does.",
    "After a change of the ACL, check `/readyz`: it names a missing permission.",
  ],
  corrections: [
    {
      was: "`redis-cli XACK` of made-up ids as a test of this alert",
      now: "The fire drill takes the permission to acknowledge away.",
      why: "XACK of an unknown id returns 0 to its sender; the service does not see it.",
    },
    {
      was: "`XGROUP DELCONSUMER` of stale consumers",
      now: "The service removes a consumer when nothing is pending for it.",
      why: "DELCONSUMER drops the consumer's pending messages: they are neither delivered again nor finished.",
    },
    {
      was: "Adding Redis read replicas when Redis is slow",
      now: "Removed.",
      why: "Every operation on a consumer group is a write, which only the master takes.",
    },
    {
      was: "Impact: tasks may be lost",
      now: "They stay pending and are delivered again.",
      why: "Only an acknowledgement removes a message, and the result is stored before it.",
    },
  ],
  related: ["ACKSuccessRateDegradation", "RedisMemoryHigh"],
});
