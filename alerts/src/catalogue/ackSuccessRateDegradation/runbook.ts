import type { Facts } from "../alert.ts";
import { grantRights, logs, query, redisBusy, redisDenied, redisLatency } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, fewer than ${facts.threshold} of the attempts to acknowledge a message have succeeded.`,
  impact:
    "Retries save the messages: clients notice only slower results. If retries fail too, HighACKFailureRate fires.",
  first: [
    query(
      "ack-errors",
      "Which lanes are affected? Failed attempts per second.",
      'sum by (type, lane) (rate(mcp_ack_attempts_total{outcome="error"}[1m])) > 0',
      { firing: { numberAbove: 0 }, healthy: { nothing: true } },
    ),
    logs(
      "ack-log",
      "Why do they fail? The word after `Redis` leads to the fix.",
      "ACK attempt.*failed|Redis.*(timeout|connection)",
      {
        expected: "`ACK attempt 1 of 8 messages failed (Redis timeout)`",
        firing: { matches: "ACK attempt .*failed", not: "" },
      },
    ),
  ],
  diagnosis: [
    query("ack-success", "What share succeeds, by lane?", "mcp_ack_success_rate", {
      firing: { matches: "^0(\\.\\d+)? ", not: "1 {}" },
    }),
    redisLatency,
    redisDenied,
    logs("orphans", "Does orphan recovery claim messages? Then retries do not save all.", "orphan.*claimed", CONTEXT),
  ],
  mitigation: [
    {
      cause: "`noperm`: the Redis user is changed again and again",
      fault: "flap-ack",
      steps: ["Stop what changes it, such as a deployment of the ACL file.", grantRights],
    },
    {
      cause: "`timeout` or `connection`: Redis or the network is unstable",
      steps: [
        "Watch it for 15 minutes: it often recovers by itself. Otherwise check packet loss on the way to Redis.",
        redisBusy,
      ],
    },
    { cause: "Another reason", steps: ["Follow [HighACKFailureRate](HighACKFailureRate.md)."] },
  ],
  escalation: "After an hour, call the owner of Redis.",
  prevention: ["Monitor the latency of Redis.", "Add rules to ACLs. Never reset a user in use."],
  corrections: [
    {
      was: "The same condition as HighACKFailureRate, as a success rate",
      now: "It counts attempts; the other alert counts messages.",
      why: "Otherwise both would always fire together.",
    },
  ],
  related: ["HighACKFailureRate"],
});
