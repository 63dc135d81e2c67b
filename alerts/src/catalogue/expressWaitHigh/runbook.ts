import type { Facts } from "../alert.ts";
import {
  hostResources,
  query,
  redisBusy,
  redisLatency,
  redisSlowlog,
  tasksPerWorker,
  UPSTREAM_DOWN,
  upstreamLatency,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For ${facts.for}, clients have waited more than ${facts.threshold} for the slowest 5 % of a type's express tasks, from ` +
    "request to result.",
  impact: "If ExpressLatencyHigh does not fire, the time is lost before the queue.",
  first: [
    query(
      "wait",
      `Which types wait longer than ${facts.threshold} (p95, seconds)?`,
      `type:mcp_express_wait_seconds:p95 > ${facts.limit}`,
      { expected: "the type of the alert", firing: { numberAbove: facts.limit }, healthy: { nothing: true } },
    ),
    query(
      "submission-time",
      "How long does a submission take (p95, seconds)?",
      "histogram_quantile(0.95, sum by (le) (rate(mcp_submission_duration_seconds_bucket[5m])))",
      CONTEXT,
    ),
    redisLatency,
  ],
  diagnosis: [
    redisSlowlog,
    query(
      "event-loop",
      "Is the main process busy? From 0.1 s on (p99 of its event loop's delay), it is.",
      "max by (instance) (nodejs_eventloop_lag_p99_seconds)",
      CONTEXT,
    ),
    upstreamLatency,
    tasksPerWorker,
    hostResources,
  ],
  mitigation: [
    {
      cause: "Redis is slow",
      steps: [redisBusy, "Stop slow commands of other programs. Free memory and CPU."],
    },
    {
      cause: "The main process is busy",
      steps: ["Run more replicas ([how](../../../docs/guides/scaling.md)). Large batches and results cost most."],
    },
    {
      cause: "More tasks than the workers can run",
      steps: ["Add workers: [HighConsumerLag](HighConsumerLag.md)."],
    },
    { cause: "An external API is slow", fault: "very-slow-upstream", steps: [UPSTREAM_DOWN] },
  ],
  escalation: "After 30 minutes, call the platform team.",
  prevention: ["Give Redis a host without other load."],
  corrections: [],
  related: ["ExpressLatencyHigh", "SubmissionsFailing"],
});
