import type { Facts } from "../alert.ts";
import { grant, logs, query, redis, redisLatency } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `Of all attempts to acknowledge a message, fewer than ${facts.threshold} succeeded over ${facts.window}, for ` +
    `${facts.for}. It counts attempts: a message whose second attempt succeeds shows here and not in HighACKFailureRate.`,
  impact: "Retries rescue the messages, at the price of latency and of more load on Redis.",
  first: ["ack-errors", "ack-log"],
  symptoms: ["`mcp_ack_success_rate` under 1.", "Log lines `ACK attempt 1 of ... failed`."],
  diagnosis: [
    {
      text: "How many attempts fail, and do they end in failure?",
      commands: [
        query(
          "ack-errors",
          "Failed attempts per second, by lane.",
          'sum by (type, lane) (rate(mcp_ack_attempts_total{outcome="error"}[1m])) > 0',
          { firing: { numberAbove: 0 }, healthy: { nothing: true } },
        ),
        query(
          "ack-success",
          "The service's own success rate of the last five minutes, lowest last.",
          "mcp_ack_success_rate",
          {
            firing: { matches: '"(type|lane)"' },
          },
        ),
      ],
    },
    {
      text: "What does Redis answer?",
      commands: [
        logs("ack-log", "Failed attempts with their reason.", "ACK attempt.*failed|Redis.*(timeout|connection)", {
          firing: { matches: "ACK attempt .*failed" },
        }),
        redisLatency,
        redis("acl-log", "Commands that Redis refused lately.", "ACL LOG 10"),
      ],
    },
    {
      text: "Does orphan recovery have to help?",
      commands: [logs("orphans", "Entries that were taken over.", "orphan.*claimed")],
    },
  ],
  mitigation: [
    {
      cause: "The service's Redis user is changed again and again (`noperm` in the log)",
      fault: "flap-ack",
      steps: [
        {
          text: "Find what changes it (a deployment of the ACL file, a script) and stop that. Then make sure of the permission.",
          commands: [grant("The user of the service may acknowledge.", "+xack")],
        },
      ],
    },
    {
      cause: "Redis or the network is unsteady",
      steps: [
        {
          text: "Watch it for 15 minutes; it often mends itself. Otherwise look at Redis' latency, fork times and network path.",
        },
      ],
    },
  ],
  escalation: "None by itself. It becomes HighACKFailureRate when retries no longer help.",
  prevention: ["Watch the latency of Redis.", "Change ACLs by adding, never by resetting a user that is in use."],
  corrections: [
    {
      was: "The same condition as HighACKFailureRate, seen from the other side",
      now: "It counts attempts, the other one messages.",
      why: "Otherwise one of the two could never say something that the other does not.",
    },
  ],
  related: ["HighACKFailureRate"],
});
