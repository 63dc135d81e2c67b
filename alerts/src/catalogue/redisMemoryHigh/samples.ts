import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const memory = (instance = "a:8000") => `mcp_redis_memory_used_ratio{instance="${instance}"}`;
const redis = {};

/** The expected notification, by value. */
const annotationsOf = (value: string) => ({
  summary: "Redis uses more than 70 % of its memory",
  description:
    `Redis uses ${value} of maxmemory and has been above 70 % for 5m. At its ceiling (80 % by default) the service ` +
    "rejects new tasks; at 100 % Redis rejects every write.",
  runbook_url: "http://localhost:8090/runbooks/RedisMemoryHigh.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=10",
});

export const samples: Samples = {
  threshold: 0.7,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "memory at the threshold is silent",
      series: { [memory()]: gauge({ "0s": 0.7 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [memory()]: gauge({ "0s": 0.1, "2m": 0.71, "15m": 0.69 }) },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m45s firing, 17m silent", redis),
      annotated: {
        at: "7m",
        labels: redis,
        annotations: annotationsOf("71%"),
      },
    },
    {
      name: "replicas that see the same Redis are not added up, and the highest report counts",
      series: { [memory("a:8000")]: gauge({ "0s": 0.4, "10m": 0.71 }), [memory("b:8000")]: gauge({ "0s": 0.4 }) },
      expect: timeline("9m45s silent, 10m pending, 15m firing", redis),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [memory()]: gauge({ "0s": 0.9, "10m": "stale", "13m45s": 0.9, "20m": "stale" }) },
      expect: timeline("13m30s firing, 23m45s firing, 24m45s silent", redis),
    },
    ...casesWhileUnknown({
      labels: redis,
      series: memory,
      bad: [0.75, 0.95, 0.8],
      good: 0.4,
      forMinutes: 5,
      keepFiringForMinutes: 2,
      annotations: annotationsOf("80%"),
    }),
  ],
};
