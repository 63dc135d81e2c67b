import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove, plain } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { gauge } from "../query/metrics.ts";
import { processGauge } from "../query/process.ts";
import { aggregate } from "../query/vector.ts";

const memory = aggregate("max", gauge("mcp_redis_memory_used_ratio"));

/** The Redis that holds the queues, and the switches kept there. */
export const redis = {
  memoryNow: {
    key: "redis-memory-now",
    kind: "stat",
    title: "Redis memory",
    meaning: "Memory in use as a share of maxmemory; 0 where Redis has no limit.",
    good: "Under the alert's threshold. At 100 % Redis refuses writes.",
    runbooks: ["RedisMemoryHigh"],
    unit: "percentunit",
    min: 0,
    max: 1,
    decimals: 0,
    series: [{ query: memory, legend: "used" }],
    levels: levelsAbove("RedisMemoryHigh"),
  },
  memory: {
    key: "redis-memory",
    kind: "timeseries",
    title: "Redis memory",
    meaning: "Memory in use as a share of maxmemory; the line is the alert's threshold.",
    good: "Under the line.",
    runbooks: ["RedisMemoryHigh", "QueueDepthSpike"],
    unit: "percentunit",
    min: 0,
    max: 1,
    thresholds: [thresholdOf("RedisMemoryHigh")],
    series: [{ query: memory, legend: "used" }],
  },
  up: {
    key: "redis-up",
    kind: "state-timeline",
    title: "Redis reachable",
    meaning: "Whether Redis answered a ping, as each replica sees it.",
    good: "Up on all replicas. If only one is down, check the network between it and Redis.",
    runbooks: ["HighACKFailureRate", "NoActiveWorkers"],
    unit: "short",
    series: [{ query: aggregate("min", gauge("mcp_redis_up"), ["instance"]), legend: "{{instance}}" }],
    states: [
      { text: "down", color: "red" },
      { text: "up", color: "green" },
    ],
  },
  scrape: {
    key: "targets",
    kind: "state-timeline",
    title: "Orchestrator reachable",
    meaning: "Whether Prometheus could scrape each replica.",
    good: "Up on all replicas.",
    runbooks: ["OrchestratorTargetDown", "NoActiveWorkers"],
    unit: "short",
    series: [{ query: aggregate("min", processGauge("up"), ["instance"]), legend: "{{instance}}" }],
    states: [
      { text: "down", color: "red" },
      { text: "up", color: "green" },
    ],
  },
  rateLimit: {
    key: "rate-limit",
    kind: "stat",
    title: "Rate limit",
    meaning: "Whether submissions are rate limited.",
    good: "Off, unless an operator is shedding load.",
    runbooks: ["QueueDepthSpike"],
    unit: "bool_on_off",
    series: [{ query: aggregate("max", gauge("mcp_rate_limit_enabled")), legend: "rate limit" }],
    levels: plain("blue"),
    states: [
      { text: "off", color: "green" },
      { text: "on", color: "orange" },
    ],
  },
  version: {
    key: "versions",
    kind: "table",
    title: "Replicas",
    meaning: "Replicas by version.",
    good: "One version, except during a rolling update.",
    runbooks: ["OrchestratorTargetDown"],
    unit: "short",
    rows: [
      { label: "instance", title: "Replica" },
      { label: "version", title: "Version" },
    ],
    columns: [
      { title: "Running", unit: "short", query: aggregate("max", gauge("mcp_build_info"), ["instance", "version"]) },
    ],
  },
} satisfies Record<string, PanelSpec>;
