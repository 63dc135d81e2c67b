import { max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const signal: Signal = {
  record: "service:mcp_redis_memory_used_ratio:max",
  labels: [],
  expression: max([], series("mcp_redis_memory_used_ratio")),
  fromRedisState: true,
};

export const redisMemoryHigh = defineAlert({
  name: "RedisMemoryHigh",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 0.7, unit: "ratio" },
  forMs: minutes(5),
  summary: (facts) => `Redis uses more than ${facts.threshold} of its memory`,
  description: (facts) =>
    `Redis uses ${facts.value} of maxmemory and has been above ${facts.threshold} for ${facts.for}. At its ` +
    "ceiling (80 % by default) the service rejects new tasks; at 100 % Redis rejects every write.",
  panel: "redis-memory",
  runbook,
  samples,
  fault: "fill-redis",
});
