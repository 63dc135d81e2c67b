import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const ml = { type: "ml", lane: "regular" };
const unaccounted = (labels = 'type="ml", lane="regular"') => `mcp_tasks_unaccounted{${labels}}`;

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "matching task accounting is silent",
      series: { [unaccounted()]: gauge({ "0s": 0 }) },
      expect: [{ at: "15m" }, { at: "40m" }],
    },
    {
      name: "pending from the first evaluation off balance, firing after 10m and not one evaluation earlier, then resolved",
      series: { [unaccounted()]: gauge({ "0s": 0, "2m": 1, "20m": 0 }) },
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
          summary: "Task accounting of ml regular tasks does not match",
          description:
            "1 tasks of type ml in the regular lane have been unaccounted for during 10m: accepted, but neither " +
            "finished, dead, waiting, running nor retrying, or counted twice.",
          runbook_url: "http://localhost:8090/runbooks/TasksUnaccounted.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=12&var-type=ml&var-lane=regular",
        },
      },
    },
    {
      name: "a task too many is as wrong as one too few",
      series: { [unaccounted()]: gauge({ "0s": -1 }) },
      expect: [{ at: "10m", firing: [ml] }],
    },
    {
      name: "what is in flight between two reads is silent",
      series: { [unaccounted()]: gauge({ "0s": 0, "2m": 3, "11m45s": 0 }) },
      expect: [{ at: "11m30s", pending: [ml] }, { at: "11m45s" }],
    },
    {
      name: "replicas with the same task accounting make one alert, and the others stay silent",
      series: {
        [unaccounted('type="ml", lane="regular", instance="a:8000"')]: gauge({ "0s": 2 }),
        [unaccounted('type="ml", lane="regular", instance="b:8000"')]: gauge({ "0s": 2 }),
        [unaccounted('type="ml", lane="express", instance="b:8000"')]: gauge({ "0s": 0 }),
        [unaccounted('type="codegen", lane="regular", instance="b:8000"')]: gauge({ "0s": 0 }),
      },
      expect: [{ at: "10m", firing: [ml] }],
      annotated: {
        at: "10m",
        labels: ml,
        annotations: {
          summary: "Task accounting of ml regular tasks does not match",
          description:
            "2 tasks of type ml in the regular lane have been unaccounted for during 10m: accepted, but neither " +
            "finished, dead, waiting, running nor retrying, or counted twice.",
          runbook_url: "http://localhost:8090/runbooks/TasksUnaccounted.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=12&var-type=ml&var-lane=regular",
        },
      },
    },
    {
      name: "where replicas report different task accounting, the worst of them counts",
      series: {
        [unaccounted('type="ml", lane="regular", instance="a:8000"')]: gauge({ "0s": 0 }),
        [unaccounted('type="ml", lane="regular", instance="b:8000"')]: gauge({ "0s": 4 }),
      },
      expect: [{ at: "10m", firing: [ml] }],
      annotated: {
        at: "10m",
        labels: ml,
        annotations: {
          summary: "Task accounting of ml regular tasks does not match",
          description:
            "4 tasks of type ml in the regular lane have been unaccounted for during 10m: accepted, but neither " +
            "finished, dead, waiting, running nor retrying, or counted twice.",
          runbook_url: "http://localhost:8090/runbooks/TasksUnaccounted.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=12&var-type=ml&var-lane=regular",
        },
      },
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [unaccounted()]: gauge({ "0s": 4, "15m": "stale", "19m30s": 4, "25m": "stale" }) },
      expect: [{ at: "19m15s", firing: [ml] }, { at: "31m30s", firing: [ml] }, { at: "32m15s" }],
    },
  ],
};
