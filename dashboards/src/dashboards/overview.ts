import type { DashboardSpec } from "../model/dashboard.ts";
import { alerting } from "../panels/alerting.ts";
import { alerts } from "../panels/alerts.ts";
import { delivery } from "../panels/delivery.ts";
import { latency } from "../panels/latency.ts";
import { objectives } from "../panels/objectives.ts";
import { queues } from "../panels/queues.ts";
import { redis } from "../panels/redis.ts";
import { traffic } from "../panels/traffic.ts";
import { upstreams } from "../panels/upstreams.ts";
import { workers } from "../panels/workers.ts";
import { TAG } from "./tag.ts";

/** What an on-call engineer opens first. */
export const overview: DashboardSpec = {
  uid: "mcp-orchestrator",
  title: "MCP orchestrator / Overview",
  description: "Is it working, and if not, which part? Every alert has its signal and its threshold here.",
  tags: [TAG],
  sections: [
    {
      title: "Now",
      rows: [
        [
          alerts.firing,
          workers.activeNow,
          latency.expressNow,
          traffic.throughput,
          traffic.failureShareNow,
          queues.deepestNow,
          delivery.deadLettersNow,
          redis.memoryNow,
        ],
        [
          { panel: alerts.timeline, weight: 14 },
          { panel: alerts.active, weight: 10 },
        ],
      ],
    },
    { title: "Traffic and failures", rows: [[traffic.flow, traffic.failureShare, traffic.failuresByReason]] },
    {
      title: "Express latency",
      rows: [[latency.express, latency.expressWait, latency.expressQuantiles, latency.expressHeatmap]],
    },
    {
      title: "Error budgets",
      rows: [
        [
          { panel: objectives.expressBudget, weight: 4 },
          { panel: objectives.expressBurnsFast, weight: 10 },
          { panel: objectives.expressBurnsSlowly, weight: 10 },
        ],
        [
          { panel: objectives.successBudget, weight: 4 },
          { panel: objectives.successBurnsFast, weight: 10 },
          { panel: objectives.successBurnsSlowly, weight: 10 },
        ],
      ],
    },
    {
      title: "Queues",
      rows: [
        [queues.depth, queues.lag],
        [queues.oldest, queues.overdue, queues.delayed],
      ],
    },
    {
      title: "Workers and acknowledgement",
      rows: [
        [workers.active, workers.activeByType, workers.shareByType, workers.unavailability],
        [workers.crashes, workers.crashesByType, delivery.ackFailures, delivery.ackSuccess],
      ],
    },
    { title: "Upstreams", rows: [[upstreams.requests, upstreams.latency, upstreams.breakers]] },
    {
      title: "Submission, Redis and task accounting",
      rows: [
        [traffic.submissionFailures, traffic.submissionFailuresByLane, traffic.submissions, redis.memory],
        [delivery.deadLetters, queues.unaccounted, workers.eventLoop],
        [redis.scrape, redis.state, redis.persistence],
        [redis.replicasUp, redis.overrides],
      ],
    },
    { title: "Alerting", rows: [[alerting.ruleFailures, alerting.receiverFailures, alerting.configuration]] },
  ],
};
