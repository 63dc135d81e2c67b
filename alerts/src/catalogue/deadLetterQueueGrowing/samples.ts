import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const depth = (instance = "a:8000") => `mcp_dlq_depth{instance="${instance}"}`;
const queue = {};

export const samples: Samples = {
  threshold: 10,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a full queue that does not grow is silent",
      series: { [depth()]: gauge({ "0s": 4000 }) },
      expect: [{ at: "15m" }, { at: "40m" }],
    },
    {
      name: "ten dead letters are the threshold and silent",
      series: { [depth()]: gauge({ "0s": 0, "16m": 10 }) },
      expect: [{ at: "17m" }, { at: "27m" }],
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: { [depth()]: gauge({ "0s": 5, "16m": 16 }) },
      expect: [
        { at: "15m45s" },
        { at: "16m", pending: [queue] },
        { at: "25m45s", pending: [queue] },
        { at: "26m", firing: [queue] },
        { at: "32m15s", firing: [queue] },
        { at: "33m15s" },
      ],
    },
    {
      name: "it resolves when the dead letters are dealt with",
      series: { [depth()]: gauge({ "0s": 0, "2m": 40, "15m": 0 }) },
      expect: [{ at: "12m", firing: [queue] }, { at: "16m45s", firing: [queue] }, { at: "17m" }],
    },
    {
      name: "it says by how much",
      series: { [depth()]: gauge({ "0s": 40, "18m": 160 }) },
      expect: [{ at: "30m", firing: [queue] }],
      annotated: {
        at: "30m",
        labels: queue,
        annotations: {
          summary: "The dead letter queue grows by more than 10 messages in 15m",
          description:
            "The dead letter queue has grown by 120 messages in the last 15m, and by more than 10 messages for 10m: " +
            "tasks fail for good faster than they are retried or discarded.",
          runbook_url: "http://localhost:8090/runbooks/DeadLetterQueueGrowing.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=11",
        },
      },
    },
    {
      name: "replicas that see the same queue are not added up, and the highest report counts",
      series: {
        [depth("a:8000")]: gauge({ "0s": 0, "16m": 9 }),
        [depth("b:8000")]: gauge({ "0s": 0, "16m": 9, "20m": 11 }),
      },
      expect: [{ at: "19m45s" }, { at: "20m", pending: [queue] }, { at: "30m", firing: [queue] }],
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [depth()]: gauge({ "0s": 0, "15m": 12, "26m": "stale", "30m45s": 40, "35m": "stale" }),
      },
      expect: [
        { at: "25m", firing: [queue] },
        { at: "30m30s", firing: [queue] },
        { at: "41m30s", firing: [queue] },
        { at: "42m30s" },
      ],
    },
  ],
};
