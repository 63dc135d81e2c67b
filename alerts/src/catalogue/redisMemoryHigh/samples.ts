import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const memory = (instance = "a:8000") => `mcp_redis_memory_used_ratio{instance="${instance}"}`;
const redis = {};

export const samples: Samples = {
  threshold: 0.7,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "memory at the threshold is silent",
      series: { [memory()]: gauge({ "0s": 0.7 }) },
      expect: [{ at: "10m" }, { at: "40m" }],
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [memory()]: gauge({ "0s": 0.1, "2m": 0.71, "15m": 0.69 }) },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [redis] },
        { at: "6m45s", pending: [redis] },
        { at: "7m", firing: [redis] },
        { at: "16m45s", firing: [redis] },
        { at: "17m" },
      ],
      annotated: {
        at: "7m",
        labels: redis,
        annotations: {
          summary: "Redis uses more than 70 % of its memory",
          description:
            "Redis uses 71% of maxmemory and has been above 70 % for 5m. At the ceiling the service refuses new tasks; " +
            "at the limit Redis refuses every write.",
          runbook_url: "http://localhost:8090/runbooks/RedisMemoryHigh.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=10",
        },
      },
    },
    {
      name: "replicas that see the same Redis are not added up, and the highest report counts",
      series: { [memory("a:8000")]: gauge({ "0s": 0.4, "10m": 0.71 }), [memory("b:8000")]: gauge({ "0s": 0.4 }) },
      expect: [{ at: "9m45s" }, { at: "10m", pending: [redis] }, { at: "15m", firing: [redis] }],
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [memory()]: gauge({ "0s": 0.9, "10m": "stale", "14m30s": 0.9, "20m": "stale" }) },
      expect: [{ at: "14m15s", firing: [redis] }, { at: "26m30s", firing: [redis] }, { at: "27m15s" }],
    },
  ],
};
