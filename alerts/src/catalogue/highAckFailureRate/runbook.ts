import type { Facts } from "../alert.ts";
import { grant, logs, query, redis, redisLatency, redisPing, restart } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `More than ${facts.threshold} of the messages of one lane failed all three attempts to acknowledge them, over ` +
    `${facts.window} and for ${facts.for}. Their results are stored; only the acknowledgement is missing.`,
  impact:
    "The messages stay pending and are delivered again by orphan recovery. No task is lost and none runs twice for it " +
    "(the stored result is looked at first), but pending entries cost Redis memory and the queue does not shrink.",
  first: ["ack-log", "redis-ping", "acl-log"],
  symptoms: [
    "`mcp_ack_failures_total` rises, `mcp_consumer_group_pending` rises with it.",
    "Log lines of `RobustRedisACKHandler` that end in `failed 3 times`.",
  ],
  diagnosis: [
    {
      text: "How bad is it, and where?",
      commands: [
        query(
          "ack-failures",
          "Messages per second that could not be acknowledged, by lane.",
          "sum by (type, lane) (rate(mcp_ack_failures_total[1m])) > 0",
          { firing: { numberAbove: 0 }, healthy: { nothing: true } },
        ),
        logs(
          "ack-log",
          "What does Redis answer? `noperm`, `timeout`, `connection` and `oom` are counted separately.",
          "ACK.*failed",
          {
            firing: { matches: "RobustRedisACKHandler: ACK (attempt|of) .*failed" },
          },
        ),
      ],
    },
    { text: "Is Redis there, and quick?", commands: [redisPing, redisLatency] },
    {
      text: "Is a permission missing? The log of refused commands names the user and the command.",
      commands: [
        redis("acl-log", "Commands that Redis refused lately.", "ACL LOG 10", { firing: { matches: "xack" } }),
      ],
    },
    {
      text: "What is pending, and with whom?",
      commands: [
        redis(
          "pending",
          "Pending messages of the group, and the consumers that hold them.",
          'XPENDING "$QUEUE" "$GROUP"',
          {
            firing: { numberAbove: 0 },
          },
        ),
        redis(
          "consumers",
          "Consumers of the group: a large `idle` with pending entries is a consumer that is gone.",
          'XINFO CONSUMERS "$QUEUE" "$GROUP"',
          {
            firing: { matches: "pending" },
          },
        ),
      ],
    },
  ],
  mitigation: [
    {
      cause: "The service's Redis user may not acknowledge (`noperm` in the log)",
      fault: "revoke-ack",
      steps: [
        {
          text: "Give the permission back. Pending messages are acknowledged by the next round of orphan recovery.",
          commands: [grant("The user of the service may acknowledge again.", "+xack")],
        },
      ],
    },
    {
      cause: "Transient",
      steps: [{ text: "Watch it for five minutes: orphan recovery runs every 30 s and settles what is left." }],
    },
    {
      cause: "Redis cannot be reached (`connection` in the log)",
      steps: [
        {
          text: "Check the network to Redis and Redis' own log. Connections are renewed by themselves; if they are not:",
          commands: [restart],
        },
      ],
    },
    {
      cause: "Redis is slow (`timeout` in the log)",
      steps: [
        {
          text: "Look for slow commands, a fork for a snapshot, or a full host. Fewer workers put less load on Redis.",
          commands: [redis("slowlog", "The slowest commands of late.", "SLOWLOG GET 10")],
        },
      ],
    },
  ],
  escalation: "To the owner of Redis when it is Redis; to the platform team when failures go on for 15 minutes.",
  prevention: [
    "Alert on Redis' health itself (RedisMemoryHigh, and an exporter of Redis).",
    "Connection time-out of 5 s and keep-alive (the defaults of the service).",
    "Check the ACL in the service's start-up self-check: `/readyz` names a missing permission.",
  ],
  corrections: [
    {
      was: "`redis-cli XACK` of made-up ids as a test of this alert",
      now: "The fault drill takes the permission to acknowledge away.",
      why: "XACK of an unknown id returns 0 to its sender. The service does not see it and counts nothing.",
    },
    {
      was: "`XGROUP DELCONSUMER` of stale consumers",
      now: "Leave it to the service, which removes a consumer only when nothing is pending for it.",
      why: "DELCONSUMER drops the pending entries of the consumer: they are neither delivered again nor finished.",
    },
    {
      was: "Adding Redis read replicas when Redis is slow",
      now: "Not offered.",
      why: "Every operation on a stream group is a write; replicas take no load off the primary.",
    },
    {
      was: "Impact: tasks may be lost",
      now: "They stay pending and are delivered again.",
      why: "Only an acknowledgement removes an entry, and the result is stored before it.",
    },
  ],
  related: ["ACKSuccessRateDegradation", "NoActiveWorkers"],
});
