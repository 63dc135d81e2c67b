import { BUILT_IN_TYPES, METRICS } from "mcp-orchestrator/contract";
import { thresholdOf } from "../model/catalogue.ts";
import { levelsAbove, plain } from "../model/levels.ts";
import type { PanelSpec } from "../model/panel.ts";
import { buckets, gauge } from "../query/metrics.ts";
import { whileAnswering } from "../query/process.ts";
import { signalOf } from "../query/signals.ts";
import { aggregate, NOTHING, or, quantile, relabel } from "../query/vector.ts";

const memory = signalOf("RedisMemoryHigh");
const memoryNow = aggregate("max", memory);

const commands = aggregate("sum", buckets("mcp_redis_command_duration_seconds"), ["le"]);

/** The Redis that holds the queues, and the switches kept there. */
export const redis = {
  memoryNow: {
    key: "redis-memory-now",
    kind: "stat",
    title: "Redis memory",
    meaning: "Memory in use as a share of maxmemory, or of the host's memory where Redis has no limit.",
    good: "Under the alert's threshold. At 100 % Redis refuses writes.",
    runbooks: ["RedisMemoryHigh"],
    unit: "percentunit",
    min: 0,
    max: 1,
    now: or(whileAnswering(memoryNow), NOTHING),
    course: memoryNow,
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
  latency: {
    key: "redis-latency",
    kind: "timeseries",
    title: "Redis command latency",
    meaning:
      "Time from a command of a main process to its reply or failure, over all replicas; the network and the wait for a connection included. By replica: the command that reads the state of all queues, once a scrape.",
    good: "A few milliseconds. It climbs with slow commands, swapping, and a slow network.",
    runbooks: ["ExpressLatencyHigh", "HighACKFailureRate"],
    unit: "s",
    min: 0,
    series: [
      { query: quantile(0.5, commands), legend: "p50" },
      { query: quantile(0.95, commands), legend: "p95" },
      { query: quantile(0.99, commands), legend: "p99" },
      {
        query: aggregate("max", gauge("mcp_redis_snapshot_duration_seconds"), ["instance"]),
        legend: "state of all queues, {{instance}}",
      },
    ],
    colors: { p50: "green", p95: "blue", p99: "purple" },
  },
  fragmentation: {
    key: "redis-fragmentation",
    kind: "timeseries",
    title: "Redis memory fragmentation",
    meaning: "Resident memory of Redis divided by its memory in use.",
    good: "1 to 1.5. Above, the host has less memory than Redis counts; below 1, Redis is swapped out.",
    runbooks: ["RedisMemoryHigh"],
    unit: "short",
    min: 0,
    series: [{ query: aggregate("max", gauge("mcp_redis_memory_fragmentation_ratio")), legend: "ratio" }],
  },
  evictions: {
    key: "redis-evictions",
    kind: "timeseries",
    title: "Evicted keys",
    meaning: "Keys that Redis has evicted since it started.",
    good: "0. Each evicted key may be a queue: set `maxmemory-policy noeviction`.",
    runbooks: ["RedisMemoryHigh", "TasksUnaccounted"],
    unit: "short",
    min: 0,
    decimals: 0,
    series: [{ query: aggregate("max", gauge("mcp_redis_evicted_keys")), legend: "evicted" }],
    colors: { evicted: "red" },
  },
  persistence: {
    key: "redis-persistence",
    kind: "state-timeline",
    title: "Persistence and replication",
    meaning: "Whether the last write of each kind of persistence succeeded, and whether a replica has its master.",
    good: "Ok. A kind that is off has no row.",
    runbooks: ["RedisNotDurable", "TasksUnaccounted"],
    unit: "short",
    series: [
      {
        query: relabel(signalOf("RedisNotDurable"), { from: "kind", pattern: "", to: "kind", value: "replication" }),
        legend: "{{kind}}",
      },
    ],
    states: [
      { text: "failed", color: "red" },
      { text: "ok", color: "green" },
    ],
  },
  replicas: {
    key: "redis-replicas",
    kind: "timeseries",
    title: "Connected Redis replicas",
    meaning: "Replicas connected to the Redis server in use.",
    good: "As many as you run. A replica that is missing is one that a failover cannot use.",
    runbooks: ["TasksUnaccounted"],
    unit: "short",
    min: 0,
    decimals: 0,
    series: [{ query: aggregate("min", gauge("mcp_redis_connected_replicas")), legend: "replicas" }],
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
  state: {
    key: "redis-state",
    kind: "state-timeline",
    title: "State of the queues",
    meaning: "Whether each replica could read the state of all queues from Redis.",
    good: "Known on all replicas. While it is unknown, the panels of queues are empty.",
    runbooks: ["RedisStateUnknown"],
    unit: "short",
    series: [
      { query: signalOf("RedisStateUnknown"), legend: "any replica" },
      { query: aggregate("min", gauge("mcp_redis_state_known"), ["instance"]), legend: "{{instance}}" },
    ],
    states: [
      { text: "unknown", color: "red" },
      { text: "known", color: "green" },
    ],
  },
  overrides: {
    key: "operator-overrides",
    kind: "state-timeline",
    title: "Operator overrides",
    meaning: "Settings of the running service that an operator has changed.",
    good: "Off. A switch that stays on after an incident was forgotten.",
    runbooks: ["SwitchLeftOn"],
    unit: "short",
    series: [
      {
        query: signalOf("SwitchLeftOn", METRICS.mcp_operator_override.optionalLabels),
        legend: "{{override}} {{type}}",
      },
    ],
    states: [
      { text: "off", color: "green" },
      { text: "on", color: "orange" },
    ],
    // Two switches, and two of each type.
    rows: 2 + 2 * BUILT_IN_TYPES.length,
  },
  scrape: {
    key: "targets",
    kind: "state-timeline",
    title: "Orchestrator reachable",
    meaning: "Whether Prometheus could scrape each replica.",
    good: "Up on all replicas.",
    runbooks: ["OrchestratorTargetDown", "NoActiveWorkers"],
    unit: "short",
    series: [{ query: signalOf("OrchestratorTargetDown"), legend: "{{instance}}" }],
    states: [
      { text: "down", color: "red" },
      { text: "up", color: "green" },
    ],
  },
  replicasUp: {
    key: "replicas",
    kind: "timeseries",
    title: "Replicas that answer",
    meaning: "Replicas of the service that answer Prometheus; the line is the number that is expected.",
    good: "On the line, or above it.",
    runbooks: ["ReplicasMissing"],
    unit: "short",
    min: 0,
    decimals: 0,
    thresholds: [thresholdOf("ReplicasMissing")],
    series: [{ query: signalOf("ReplicasMissing"), legend: "replicas" }],
  },
  rateLimit: {
    key: "rate-limit",
    kind: "stat",
    title: "Rate limit",
    meaning: "Whether submissions are rate limited.",
    good: "Off, unless an operator is shedding load.",
    runbooks: ["QueueDepthSpike"],
    unit: "bool_on_off",
    now: aggregate("max", gauge("mcp_rate_limit_enabled")),
    levels: plain(),
    words: { 0: { text: "off", color: "green" }, 1: { text: "on", color: "orange" } },
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
