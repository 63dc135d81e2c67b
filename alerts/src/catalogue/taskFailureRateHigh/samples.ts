import type { Samples } from "../samples.ts";
import { counter } from "../scrapes.ts";

const ml = { type: "ml" };
const reasoning = { type: "reasoning" };

const failed = (labels = 'type="ml", lane="regular", reason="upstream"') => `mcp_tasks_failed_total{${labels}}`;
const completed = (labels = 'type="ml", lane="regular"') => `mcp_tasks_completed_total{${labels}}`;

export const samples: Samples = {
  threshold: 0.05,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "one task in twenty is the threshold and silent",
      series: { [failed()]: counter({ "0s": 1 }), [completed()]: counter({ "0s": 19 }) },
      expect: [{ at: "15m" }, { at: "40m" }],
    },
    {
      name: "a little under the threshold is silent, a little over it fires",
      series: {
        [failed()]: counter({ "0s": 10 }),
        [completed()]: counter({ "0s": 194 }),
        [failed('type="reasoning", lane="express", reason="timeout"')]: counter({ "0s": 10 }),
        [completed('type="reasoning", lane="express"')]: counter({ "0s": 186 }),
      },
      expect: [{ at: "25m", firing: [reasoning] }],
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: {
        [failed()]: counter({ "0s": 0, "2m": 10, "15m": 0 }),
        [completed()]: counter({ "0s": 10 }),
      },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [ml] },
        { at: "11m45s", pending: [ml] },
        { at: "12m", firing: [ml] },
        { at: "19m", firing: [ml] },
        { at: "21m", firing: [ml] },
        { at: "21m30s" },
      ],
      annotated: {
        at: "14m",
        labels: ml,
        annotations: {
          summary: "More than 5 % of ml tasks fail",
          description:
            "50% of the ml tasks that ended in the last 5m ended in the dead letter queue, above 5 % for 10m.",
          runbook_url: "http://localhost:8090/runbooks/TaskFailureRateHigh.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=9&var-type=ml",
        },
      },
    },
    {
      name: "lanes and reasons of a type are added up",
      series: {
        [failed('type="ml", lane="regular", reason="upstream"')]: counter({ "0s": 1 }),
        [failed('type="ml", lane="regular", reason="timeout"')]: counter({ "0s": 1 }),
        [failed('type="ml", lane="express", reason="validation"')]: counter({ "0s": 1 }),
        [completed()]: counter({ "0s": 22 }),
        [completed('type="ml", lane="express"')]: counter({ "0s": 22 }),
      },
      expect: [{ at: "15m", firing: [ml] }],
    },
    {
      name: "failures and completions are counted over the same time",
      series: { [failed()]: counter({ "0s": 1 }), [completed()]: counter({ "0s": 99, "10m": 0 }) },
      expect: [{ at: "13m15s" }, { at: "14m45s", pending: [ml] }],
    },
    {
      name: "no traffic divides nothing by nothing and is silent",
      series: { [failed()]: counter({ "0s": 0 }), [completed()]: counter({ "0s": 0 }) },
      expect: [{ at: "0s" }, { at: "15m" }, { at: "40m" }],
    },
    {
      name: "one failed task every few minutes in an idle system is not a rate, two are",
      series: {
        [failed()]: counter({
          "0s": 0,
          "2m": 1,
          "2m15s": 0,
          "6m45s": 1,
          "7m": 0,
          "11m30s": 1,
          "11m45s": 0,
          "16m15s": 1,
          "16m30s": 0,
        }),
        [completed()]: counter({ "0s": 0 }),
        [failed('type="reasoning", lane="express", reason="timeout"')]: counter({
          "0s": 0,
          "2m": 2,
          "2m15s": 0,
          "6m30s": 2,
          "6m45s": 0,
          "11m": 2,
          "11m15s": 0,
        }),
        [completed('type="reasoning", lane="express"')]: counter({ "0s": 0 }),
      },
      expect: [{ at: "5m", pending: [reasoning] }, { at: "13m", firing: [reasoning] }, { at: "19m" }],
    },
    {
      name: "it fires where no task ever completed",
      series: { [failed()]: counter({ "0s": 4 }) },
      expect: [
        { at: "15s", pending: [ml] },
        { at: "10m", pending: [ml] },
        { at: "10m15s", firing: [ml] },
      ],
      annotated: {
        at: "15m",
        labels: ml,
        annotations: {
          summary: "More than 5 % of ml tasks fail",
          description:
            "100% of the ml tasks that ended in the last 5m ended in the dead letter queue, above 5 % for 10m.",
          runbook_url: "http://localhost:8090/runbooks/TaskFailureRateHigh.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=9&var-type=ml",
        },
      },
    },
    {
      name: "a reason that is born late is seen from its first increase",
      series: { [failed()]: counter({ "0s": "missing", "5m": 0, "6m": 30 }), [completed()]: counter({ "0s": 20 }) },
      expect: [{ at: "5m45s" }, { at: "6m", pending: [ml] }, { at: "16m", firing: [ml] }],
    },
    {
      name: "a counter that starts again at 0 makes no failures",
      series: {
        [failed()]: counter({ "0s": 100, "15s": 0, "8m": "reset", "8m15s": 0 }),
        [completed()]: counter({ "0s": 100, "8m": "reset", "8m15s": 100 }),
      },
      expect: [{ at: "7m30s" }, { at: "8m" }, { at: "9m" }, { at: "20m" }],
    },
    {
      name: "an incident goes on while a restarted service counts from 0 again",
      series: {
        [failed()]: counter({ "0s": 4, "15m": "reset", "15m15s": 4 }),
        [completed()]: counter({ "0s": 20, "15m": "reset", "15m15s": 20 }),
      },
      expect: [
        { at: "15m", firing: [ml] },
        { at: "18m", firing: [ml] },
        { at: "20m", firing: [ml] },
      ],
    },
    {
      name: "replicas are added up before they are judged",
      series: {
        [failed('type="ml", lane="regular", reason="upstream", instance="a:8000"')]: counter({ "0s": 10 }),
        [completed('type="ml", lane="regular", instance="a:8000"')]: counter({ "0s": 90 }),
        [failed('type="ml", lane="regular", reason="upstream", instance="b:8000"')]: counter({ "0s": 0 }),
        [completed('type="ml", lane="regular", instance="b:8000"')]: counter({ "0s": 120 }),
      },
      expect: [{ at: "25m" }],
    },
    {
      name: "missed scrapes do not restart what is under way",
      series: {
        [failed()]: counter({ "0s": 0, "2m": 30, "4m": "stale", "4m30s": 30 }),
        [completed()]: counter({ "0s": 20, "4m": "stale", "4m30s": 20 }),
      },
      expect: [
        { at: "4m15s", pending: [ml] },
        { at: "11m45s", pending: [ml] },
        { at: "12m", firing: [ml] },
      ],
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [failed()]: counter({ "0s": 4, "15m": "stale", "19m45s": 4, "25m": "stale" }),
        [completed()]: counter({ "0s": 20, "15m": "stale", "19m45s": 20, "25m": "stale" }),
      },
      expect: [
        { at: "17m", firing: [ml] },
        { at: "19m30s", firing: [ml] },
        { at: "22m", firing: [ml] },
        { at: "31m", firing: [ml] },
        { at: "32m15s" },
      ],
    },
  ],
};
