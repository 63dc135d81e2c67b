import type { Facts } from "../alert.ts";
import {
  expressLatency,
  hostResources,
  logs,
  redisBusy,
  redisLatency,
  redisSlowlog,
  tasksPerWorker,
  UPSTREAM_DOWN,
  upstreamErrors,
  upstreamLatency,
  workersLeadOn,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `For ${facts.for}, the slowest 5 % of a type's express tasks have taken longer than ${facts.threshold} (p95), or hardly any ` +
    "finished and the oldest is older.",
  impact: "Users who wait for these tasks notice the delay.",
  first: [
    {
      ...upstreamLatency,
      why: `${upstreamLatency.why} Above ${facts.limit}, an API is the cause. \`NaN\`: no call ended.`,
    },
    redisLatency,
    workersLeadOn,
  ],
  diagnosis: [
    expressLatency(facts.limit),
    logs("slow-tasks", "Which tasks are slow?", "EXPRESS SLOW|took .* ms", CONTEXT),
    tasksPerWorker,
    hostResources,
  ],
  mitigation: [
    {
      cause: "An external API is slow",
      fault: "slow-upstream",
      steps: [UPSTREAM_DOWN, upstreamErrors],
    },
    {
      cause: "Redis is slow",
      steps: [redisSlowlog, redisBusy],
    },
    {
      cause: "More tasks than the workers can run",
      steps: ["Add workers: [HighConsumerLag](HighConsumerLag.md)."],
    },
    {
      cause: "The host is busy",
      steps: ["Give it more CPU, or run fewer workers (`WORKERS_PER_TYPE`, [how](README.md#settings))."],
    },
    { cause: "The network is slow", steps: ["Check packet loss and DNS on the way to the API."] },
  ],
  escalation: "After an hour, call the platform team.",
  prevention: ["Set a timeout for external APIs (`UPSTREAM_TIMEOUT_MS`)."],
  corrections: [
    {
      was: "`curl -w @curl-format.txt https://api.perplexity.ai/status`",
      now: "The measured latency of the service's own requests.",
      why: "The format file does not exist, and a status page says little about the service's calls.",
    },
    {
      was: "Redis read replicas when Redis is slow",
      now: "Removed.",
      why: "A read from a consumer group is a write.",
    },
  ],
  related: ["ExpressLatencyCritical", "HighConsumerLag"],
});
