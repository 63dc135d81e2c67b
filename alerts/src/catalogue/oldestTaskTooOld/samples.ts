import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const LABELS = 'queue="mcp:queue:ml", type="ml", lane="regular"';
const CODEGEN = 'queue="mcp:queue:codegen", type="codegen", lane="regular"';
const age = (labels = LABELS) => `mcp_oldest_task_age_seconds{${labels}}`;
const ml = { queue: "mcp:queue:ml", type: "ml", lane: "regular" };

/** The expected notification, by value. */
const annotationsOf = (value: string) => ({
  summary: "A task of mcp:queue:ml has been waiting for more than 30m",
  description:
    `The oldest unfinished task of mcp:queue:ml is ${value} old, and has been older than 30m for 10m: a few tasks are` +
    " stuck, or the whole queue is.",
  runbook_url: "http://localhost:8090/runbooks/OldestTaskTooOld.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=14&var-type=ml&var-lane=regular",
});

export const samples: Samples = {
  threshold: 1800,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "tasks that wait for half an hour at most are silent",
      series: { [age()]: gauge({ "0s": 1800 }) },
      expect: timeline("15m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: { [age()]: gauge({ "0s": 5, "2m": 1801, "20m": 0 }) },
      expect: timeline("1m45s silent, 2m pending, 11m45s pending, 12m firing, 21m45s firing, 22m silent", ml),
      annotated: {
        at: "12m",
        labels: ml,
        annotations: annotationsOf("30m 1s"),
      },
    },
    {
      name: "a queue that catches up in time is silent",
      series: { [age()]: gauge({ "0s": 5, "2m": 2000, "11m45s": 60 }) },
      expect: timeline("11m30s pending, 11m45s silent, 15m silent", ml),
    },
    {
      name: "replicas that report the same queue make one alert, and the others stay silent",
      series: {
        [age(`${LABELS}, instance="a:8000"`)]: gauge({ "0s": 1801 }),
        [age(`${LABELS}, instance="b:8000"`)]: gauge({ "0s": 1 }),
        [age(`${CODEGEN}, instance="a:8000"`)]: gauge({ "0s": 1000 }),
        [age(`${CODEGEN}, instance="b:8000"`)]: gauge({ "0s": 1000 }),
        [age('queue="mcp:queue:codegen:express", type="codegen", lane="express"')]: gauge({ "0s": 1801 }),
      },
      expect: [{ at: "10m", firing: [ml, { queue: "mcp:queue:codegen:express", type: "codegen", lane: "express" }] }],
    },
    {
      name: "telemetry that stays away ends it",
      series: { [age()]: gauge({ "0s": 3000, "15m": "stale" }) },
      expect: timeline("21m15s firing, 22m15s silent", ml),
    },
    ...casesWhileUnknown({
      labels: ml,
      series: (instance) => age(`${LABELS}, instance="${instance}"`),
      bad: [2000, 9000, 3000],
      good: 5,
      forMinutes: 10,
      keepFiringForMinutes: 2,
      annotations: annotationsOf("50m 0s"),
    }),
  ],
};
