import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const persistence = (kind: string, instance = "a:8000") =>
  `mcp_redis_persistence_ok{kind="${kind}", instance="${instance}"}`;
const replication = (instance = "a:8000") => `mcp_redis_replication_ok{instance="${instance}"}`;
const aof = { kind: "aof" };
const rdb = { kind: "rdb" };
const master = {};

const annotations = {
  summary: "Redis cannot write its aof",
  description:
    "The last write of the aof has failed for 5m: if Redis stops now, tasks that it accepted since the last good write are " +
    "lost.",
  runbook_url: "http://localhost:8090/runbooks/RedisNotDurable.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=24",
};

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "writes that succeed are silent",
      series: {
        [persistence("aof")]: gauge({ "0s": 1 }),
        [persistence("rdb")]: gauge({ "0s": 1 }),
        [replication()]: gauge({ "0s": 1 }),
      },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation after a failed write, firing after 5m and not one evaluation earlier, then resolved",
      series: {
        [persistence("aof")]: gauge({ "0s": 1, "2m": 0, "15m": 1 }),
        [persistence("rdb")]: gauge({ "0s": 1 }),
        [replication()]: gauge({ "0s": 1 }),
      },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m45s firing, 17m silent", aof),
      annotated: { at: "7m", labels: aof, annotations },
    },
    {
      name: "a replica that has lost its master is named without a kind",
      series: { [persistence("aof")]: gauge({ "0s": 1 }), [replication()]: gauge({ "0s": 1, "2m": 0 }) },
      expect: timeline("2m pending, 7m firing", master),
      annotated: {
        at: "7m",
        labels: master,
        annotations: {
          ...annotations,
          summary: "Redis has lost its master",
          description: "The Redis in use has been a replica without its master for 5m: its data may be stale.",
        },
      },
    },
    {
      name: "one replica of the service that sees it is enough, and makes one alert",
      series: {
        [persistence("rdb", "a:8000")]: gauge({ "0s": 0 }),
        [persistence("rdb", "b:8000")]: gauge({ "0s": 1 }),
        [replication("a:8000")]: gauge({ "0s": 0 }),
        [replication("b:8000")]: gauge({ "0s": 1 }),
      },
      expect: [{ at: "5m", firing: [rdb, master] }],
    },
    {
      name: "a write that fails once is silent",
      series: { [persistence("aof")]: gauge({ "0s": 1, "2m": 0, "6m45s": 1 }) },
      expect: timeline("6m30s pending, 6m45s silent, 10m silent", aof),
    },
    {
      name: "two minutes without a scrape do not restart what is under way",
      series: { [persistence("aof")]: gauge({ "0s": 1, "2m": 0, "4m": "stale", "6m15s": 0 }) },
      expect: timeline("6m pending, 6m45s pending, 7m firing", aof),
    },
    {
      name: "a longer time without one does",
      series: { [persistence("aof")]: gauge({ "0s": 1, "2m": 0, "4m": "stale", "6m45s": 0 }) },
      expect: timeline("6m30s silent, 11m30s pending, 11m45s firing", aof),
    },
    ...casesWhileUnknown({
      labels: aof,
      series: (instance) => persistence("aof", instance),
      bad: [0, 0, 0],
      good: 1,
      forMinutes: 5,
      keepFiringForMinutes: 2,
      annotations,
    }),
  ],
};
