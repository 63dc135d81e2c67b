import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const LABELS = 'queue="mcp:queue:ml", type="ml", lane="regular"';
const age = (labels = LABELS) => `mcp_oldest_task_age_seconds{${labels}}`;
const ml = { queue: "mcp:queue:ml", type: "ml", lane: "regular" };

export const samples: Samples = {
  threshold: 1800,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "tasks that wait for half an hour at most are silent",
      series: { [age()]: gauge({ "0s": 1800 }) },
      expect: [{ at: "15m" }, { at: "40m" }],
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: { [age()]: gauge({ "0s": 5, "2m": 1801, "20m": 0 }) },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [ml] },
        { at: "11m45s", pending: [ml] },
        { at: "12m", firing: [ml] },
        { at: "21m45s", firing: [ml] },
        { at: "22m" },
      ],
      annotated: {
        at: "12m",
        labels: ml,
        annotations: {
          summary: "A task of mcp:queue:ml has been waiting for more than 30m",
          description:
            "The oldest unfinished task of mcp:queue:ml is 30m 1s old, and has been older than 30m for 10m: a few tasks " +
            "are stuck, or the whole queue is.",
          runbook_url: "http://localhost:8090/runbooks/OldestTaskTooOld.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=14&var-type=ml&var-lane=regular",
        },
      },
    },
    {
      name: "a queue that catches up in time is silent",
      series: { [age()]: gauge({ "0s": 5, "2m": 2000, "11m45s": 60 }) },
      expect: [{ at: "11m30s", pending: [ml] }, { at: "11m45s" }, { at: "15m" }],
    },
    {
      name: "replicas that report the same queue make one alert, and the others stay silent",
      series: {
        [age(`${LABELS}, instance="a:8000"`)]: gauge({ "0s": 3000 }),
        [age(`${LABELS}, instance="b:8000"`)]: gauge({ "0s": 3001 }),
        [age('queue="mcp:queue:codegen", type="codegen", lane="regular", instance="a:8000"')]: gauge({ "0s": 20 }),
      },
      expect: [{ at: "10m", firing: [ml] }],
    },
    {
      name: "one old sample does not fire",
      series: { [age()]: gauge({ "0s": 5, "2m": 3000, "2m30s": "stale" }) },
      expect: [{ at: "7m", pending: [ml] }, { at: "8m" }, { at: "12m" }, { at: "20m" }],
    },
    {
      name: "it keeps firing while the state of Redis is unknown, and resolves when it is known to be well",
      series: {
        [age()]: gauge({ "0s": 3000, "15m": "stale", "35m": 5 }),
        mcp_redis_state_known: gauge({ "0s": 1, "15m": 0, "35m": 1 }),
      },
      expect: [
        { at: "15m", firing: [ml] },
        { at: "34m45s", firing: [ml] },
        { at: "36m45s", firing: [ml] },
        { at: "37m30s" },
      ],
    },
    {
      name: "telemetry that stays away altogether ends it",
      series: { [age()]: gauge({ "0s": 3000, "15m": "stale" }) },
      expect: [{ at: "21m15s", firing: [ml] }, { at: "22m15s" }],
    },
  ],
};
