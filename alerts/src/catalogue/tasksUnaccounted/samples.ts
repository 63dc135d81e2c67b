import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const ml = { type: "ml", lane: "regular" };
const codegen = { type: "codegen", lane: "express" };
const unaccounted = (labels = 'type="ml", lane="regular"') => `mcp_tasks_unaccounted{${labels}}`;

/** The expected notification, by value. */
const annotationsOf = (value: string, { type, lane } = ml) => ({
  summary: `Task accounting of ${type} ${lane} tasks does not match`,
  description:
    `${value} tasks of type ${type} in the ${lane} lane have been unaccounted for during 10m. They may be lost, or counted` +
    " twice.",
  runbook_url: "http://localhost:8090/runbooks/TasksUnaccounted.md",
  dashboard_url: `http://localhost:3000/d/mcp-orchestrator?viewPanel=12&var-type=${type}&var-lane=${lane}`,
});

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "matching task accounting is silent",
      series: { [unaccounted()]: gauge({ "0s": 0 }) },
      expect: timeline("15m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation off balance, firing after 10m and not one evaluation earlier, then resolved",
      series: { [unaccounted()]: gauge({ "0s": 0, "2m": 1, "20m": 0 }) },
      expect: timeline("1m45s silent, 2m pending, 11m45s pending, 12m firing, 21m45s firing, 22m silent", ml),
      annotated: {
        at: "12m",
        labels: ml,
        annotations: annotationsOf("1"),
      },
    },
    {
      name: "a task too many is as wrong as one too few",
      series: {
        [unaccounted()]: gauge({ "0s": -1 }),
        [unaccounted('type="codegen", lane="express"')]: gauge({ "0s": -1 }),
      },
      expect: [{ at: "10m", firing: [ml, codegen] }],
    },
    {
      name: "what is in flight between two reads is silent",
      series: { [unaccounted()]: gauge({ "0s": 0, "2m": 3, "11m45s": 0 }) },
      expect: timeline("11m30s pending, 11m45s silent", ml),
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
        annotations: annotationsOf("2"),
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
        annotations: annotationsOf("4"),
      },
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [unaccounted()]: gauge({ "0s": 4, "15m": "stale", "19m30s": 4, "25m": "stale" }) },
      expect: timeline("19m15s firing, 31m30s firing, 32m15s silent", ml),
    },
    ...casesWhileUnknown({
      labels: codegen,
      series: (instance) => unaccounted(`type="codegen", lane="express", instance="${instance}"`),
      bad: [3, 9, 5],
      good: 0,
      forMinutes: 10,
      keepFiringForMinutes: 2,
      annotations: annotationsOf("5", codegen),
    }),
  ],
};
