import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const LABELS = 'type="ml", lane="regular"';
const overdue = (labels = LABELS) => `mcp_oldest_overdue_seconds{${labels}}`;
const ml = { type: "ml", lane: "regular" };

export const samples: Samples = {
  threshold: 120,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "retries that are promoted in time are silent",
      series: { [overdue()]: gauge({ "0s": 120 }) },
      expect: [{ at: "10m" }, { at: "40m" }],
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [overdue()]: gauge({ "0s": 0, "2m": 121, "15m": 0 }) },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [ml] },
        { at: "6m45s", pending: [ml] },
        { at: "7m", firing: [ml] },
        { at: "16m45s", firing: [ml] },
        { at: "17m" },
      ],
      annotated: {
        at: "7m",
        labels: ml,
        annotations: {
          summary: "Retries of ml regular tasks are overdue by more than 2m",
          description:
            "A retry or delayed task of type ml in the regular lane is overdue by 2m 1s, and has been by more than 2m for " +
            "5m: due tasks are not put back into their queue.",
          runbook_url: "http://localhost:8090/runbooks/RetriesOverdue.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=15&var-type=ml&var-lane=regular",
        },
      },
    },
    {
      name: "a promotion that comes late once is silent",
      series: { [overdue()]: gauge({ "0s": 0, "2m": 300, "6m45s": 0 }) },
      expect: [{ at: "6m30s", pending: [ml] }, { at: "6m45s" }, { at: "10m" }],
    },
    {
      name: "replicas that report the same lane make one alert, and other lanes stay silent",
      series: {
        [overdue(`${LABELS}, instance="a:8000"`)]: gauge({ "0s": 300 }),
        [overdue(`${LABELS}, instance="b:8000"`)]: gauge({ "0s": 100 }),
        [overdue('type="ml", lane="express", instance="a:8000"')]: gauge({ "0s": 0 }),
      },
      expect: [{ at: "5m", firing: [ml] }],
    },
    {
      name: "one old sample does not fire",
      series: { [overdue()]: gauge({ "0s": 0, "2m": 300, "2m30s": "stale" }) },
      expect: [{ at: "4m30s", pending: [ml] }, { at: "5m15s" }, { at: "7m" }, { at: "15m" }],
    },
    {
      name: "it keeps firing while the state of Redis is unknown",
      series: {
        [overdue()]: gauge({ "0s": 300, "10m": "stale", "30m": 0 }),
        mcp_redis_state_known: gauge({ "0s": 1, "10m": 0, "30m": 1 }),
      },
      expect: [{ at: "29m45s", firing: [ml] }, { at: "31m45s", firing: [ml] }, { at: "32m30s" }],
    },
  ],
};
