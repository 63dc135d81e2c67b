import type { DashboardSpec } from "../model/dashboard.ts";
import { delivery } from "../panels/delivery.ts";
import { redis } from "../panels/redis.ts";
import { workers } from "../panels/workers.ts";
import { TAG } from "./tag.ts";

/** The processes that do the work, and how well they finish it. */
export const workerDetails: DashboardSpec = {
  uid: "mcp-workers",
  title: "MCP orchestrator / Workers",
  description: "Worker processes, crashes, acknowledgement, memory and the main process.",
  tags: [TAG],
  sections: [
    { title: "Now", rows: [[workers.staffing, redis.version]] },
    { title: "Workers", rows: [[workers.active, workers.activeByType, workers.perWorker]] },
    { title: "Crashes", rows: [[workers.crashes, workers.crashesByReason, delivery.orphans]] },
    {
      title: "Acknowledgement",
      rows: [[delivery.ackFailures, delivery.ackSuccess, delivery.ackAttempts, delivery.ackAttemptsByLane]],
    },
    { title: "Resources", rows: [[workers.memory, workers.mainMemory, workers.cpu, workers.eventLoop]] },
  ],
};
