import type { DashboardSpec } from "../model/dashboard.ts";
import { alerts } from "../panels/alerts.ts";
import { delivery } from "../panels/delivery.ts";
import { latency } from "../panels/latency.ts";
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
    { title: "Express latency", rows: [[latency.express, latency.expressByType, latency.expressHeatmap]] },
    { title: "Queues", rows: [[queues.depth, queues.lag, queues.oldest]] },
    {
      title: "Workers and acknowledgement",
      rows: [[workers.active, workers.crashes, delivery.ackFailures, delivery.ackSuccess]],
    },
    { title: "Upstreams", rows: [[upstreams.requests, upstreams.latency, upstreams.breakers]] },
    {
      title: "Saturation and task accounting",
      rows: [
        [redis.memory, workers.eventLoop, traffic.rejected],
        [delivery.deadLetters, queues.unaccounted, redis.scrape],
      ],
    },
  ],
};
