import type { DashboardSpec } from "../model/dashboard.ts";
import { delivery } from "../panels/delivery.ts";
import { latency } from "../panels/latency.ts";
import { queues } from "../panels/queues.ts";
import { traffic } from "../panels/traffic.ts";
import { TAG } from "./tag.ts";

/** Backlog, latency, and whether each task ends exactly once. */
export const queueDetails: DashboardSpec = {
  uid: "mcp-queues",
  title: "MCP orchestrator / Queues",
  description: "Streams, backlog, latency by lane, dead letters and task accounting.",
  tags: [TAG],
  sections: [
    {
      title: "Now",
      rows: [
        [
          { panel: queues.table, weight: 3 },
          { panel: delivery.deadLettersNow, weight: 1 },
        ],
      ],
    },
    {
      title: "Backlog",
      rows: [
        [queues.depth, queues.lag, queues.oldest],
        [queues.undelivered, queues.pending, queues.netFlow],
      ],
    },
    { title: "Flow", rows: [[traffic.acceptedByLane, traffic.completedByType, traffic.rejected]] },
    {
      title: "Latency",
      rows: [
        [latency.express, latency.expressHeatmap],
        [latency.regular, latency.regularHeatmap],
      ],
    },
    {
      title: "Failures and dead letters",
      rows: [[traffic.failureShare, traffic.failuresByReason, delivery.deadLetters]],
    },
    {
      title: "Retries and task accounting",
      rows: [
        [delivery.retries, queues.delayed, queues.overdue],
        [queues.unaccounted, delivery.orphans],
      ],
    },
  ],
};
