import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const depth = (instance = "a:8000") => `mcp_dlq_depth{instance="${instance}"}`;
const queue = {};

/** The expected notification, by value. */
const annotationsOf = (value: string) => ({
  summary: "The dead letter queue grows by more than 10 messages in 15m",
  description:
    `The dead letter queue has grown by ${value} messages in the last 15m, and by more than 10 messages for 10m. ` +
    "Tasks become dead letters faster than they are retried or discarded.",
  runbook_url: "http://localhost:8090/runbooks/DeadLetterQueueGrowing.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=11",
});

export const samples: Samples = {
  threshold: 10,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a full queue that does not grow is silent",
      series: { [depth()]: gauge({ "0s": 4000 }) },
      expect: timeline("15m silent, 40m silent"),
    },
    {
      name: "ten dead letters are the threshold and silent",
      series: { [depth()]: gauge({ "0s": 0, "16m": 10 }) },
      expect: timeline("17m silent, 27m silent"),
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: { [depth()]: gauge({ "0s": 5, "16m": 16 }) },
      expect: timeline("15m45s silent, 16m pending, 25m45s pending, 26m firing, 32m15s firing, 33m15s silent", queue),
    },
    {
      name: "it resolves when the dead letters are dealt with",
      series: { [depth()]: gauge({ "0s": 0, "2m": 40, "15m": 0 }) },
      expect: timeline("12m firing, 16m45s firing, 17m silent", queue),
    },
    {
      name: "it says by how much",
      series: { [depth()]: gauge({ "0s": 40, "18m": 160 }) },
      expect: [{ at: "30m", firing: [queue] }],
      annotated: {
        at: "30m",
        labels: queue,
        annotations: annotationsOf("120"),
      },
    },
    {
      name: "replicas that see the same queue are not added up, and the highest report counts",
      series: {
        [depth("a:8000")]: gauge({ "0s": 0, "16m": 9 }),
        [depth("b:8000")]: gauge({ "0s": 0, "16m": 9, "20m": 11 }),
      },
      expect: timeline("19m45s silent, 20m pending, 30m firing", queue),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [depth()]: gauge({ "0s": 0, "15m": 12, "26m": "stale", "30m45s": 40, "35m": "stale" }),
      },
      expect: timeline("25m firing, 30m30s firing, 41m30s firing, 42m30s silent", queue),
    },
    ...casesWhileUnknown({
      labels: queue,
      series: depth,
      bad: [20, 90, 40],
      good: 2,
      forMinutes: 10,
      keepFiringForMinutes: 2,
      annotations: annotationsOf("38"),
    }),
  ],
};
