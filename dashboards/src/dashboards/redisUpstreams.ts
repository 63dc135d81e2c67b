import type { DashboardSpec } from "../model/dashboard.ts";
import { delivery } from "../panels/delivery.ts";
import { redis } from "../panels/redis.ts";
import { upstreams } from "../panels/upstreams.ts";
import { TAG } from "./tag.ts";

/** What the service depends on. */
export const redisUpstreamDetails: DashboardSpec = {
  uid: "mcp-redis-upstreams",
  title: "MCP orchestrator / Redis and upstreams",
  description: "Redis, the external APIs and their circuit breakers.",
  tags: [TAG],
  sections: [
    {
      title: "Redis",
      rows: [
        [
          { panel: redis.memoryNow, weight: 3 },
          { panel: redis.rateLimit, weight: 3 },
          { panel: redis.up, weight: 6 },
          { panel: redis.scrape, weight: 6 },
          { panel: redis.persistence, weight: 6 },
        ],
        [redis.memory, redis.fragmentation, redis.evictions],
        [redis.latency, redis.replicas, delivery.ackAttempts],
      ],
    },
    {
      title: "Upstreams",
      rows: [
        [upstreams.requestsByUpstream, upstreams.errorShare, upstreams.breakers],
        [upstreams.latency, upstreams.heatmap, upstreams.concurrency],
      ],
    },
  ],
};
