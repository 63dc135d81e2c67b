import type { Facts } from "../alert.ts";
import { grantRights, logs, query, redis, redisDenied, rollingRestart } from "../runbooks/commands.ts";
import type { Command, Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

const secondsApart = (now: string) =>
  `service=$(${now}) redis=$(redis-cli --raw TIME | head -1)\necho $((service - redis))`;
const HERE = secondsApart("date +%s");

const clocks: Command = {
  id: "clocks",
  why: "By how many seconds is the clock of the service ahead of that of Redis?",
  run: {
    compose: secondsApart("docker compose exec -T orchestrator date +%s"),
    supervisor: HERE,
    native: HERE,
    kubernetes: secondsApart('kubectl -n "$NAMESPACE" exec deployment/mcp-orchestrator -- date +%s'),
  },
  expected: "less than 5, such as `0`",
  healthy: { matches: "^-?[0-4]$", not: "47" },
};

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, a retry or delayed task has been overdue by more than ${facts.threshold}: due tasks do not return to their queue.`,
  impact: "Tasks that failed once or that clients delayed do not run. They are safe in Redis.",
  first: [
    query("overdue", "By how many seconds, in which lane?", "max by (type, lane) (mcp_oldest_overdue_seconds)", {
      expected: `more than ${facts.limit}`,
      firing: { numberAbove: facts.limit },
      healthy: { numberBelow: facts.limit },
    }),
    redisDenied,
    logs("promotion-log", "What does the log say about due tasks?", "[Pp]romot", CONTEXT),
  ],
  diagnosis: [
    redis("delayed-tasks", "How many tasks of the lane wait?", 'ZCARD "$DELAYED"', {
      expected: "more than 0",
      firing: { numberAbove: 0 },
    }),
  ],
  mitigation: [
    {
      cause: "Redis denies a command",
      fault: "refuse-promotion",
      steps: [grantRights],
    },
    {
      cause: "No replica returns due tasks to their queue",
      steps: ["Any replica does it for all: without an error in the log, all main processes hang.", rollingRestart],
    },
    {
      cause: "The clock of Redis or of a replica stepped",
      steps: [clocks, "Correct the clock. Due times are those of Redis."],
    },
  ],
  escalation: "After 30 minutes, call the platform team.",
  prevention: ["Run NTP on all hosts."],
  corrections: [],
  related: ["TaskFailureRateHigh", "OldestTaskTooOld"],
});
