import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const LABELS = 'type="ml", lane="regular"';
const overdue = (labels = LABELS) => `mcp_oldest_overdue_seconds{${labels}}`;
const ml = { type: "ml", lane: "regular" };
const codegen = { type: "codegen", lane: "express" };

/** The expected notification, by value. */
const annotationsOf = (value: string, { type, lane } = ml) => ({
  summary: `Retries of ${type} ${lane} tasks are overdue by more than 2m`,
  description:
    `A retry or delayed task of type ${type} in the ${lane} lane is overdue by ${value}, and has been overdue by ` +
    "more than 2m for 5m: due tasks do not return to their queue.",
  runbook_url: "http://localhost:8090/runbooks/RetriesOverdue.md",
  dashboard_url: `http://localhost:3000/d/mcp-orchestrator?viewPanel=15&var-type=${type}&var-lane=${lane}`,
});

export const samples: Samples = {
  threshold: 120,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "retries that are promoted in time are silent",
      series: { [overdue()]: gauge({ "0s": 120 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [overdue()]: gauge({ "0s": 0, "2m": 121, "15m": 0 }) },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m45s firing, 17m silent", ml),
      annotated: {
        at: "7m",
        labels: ml,
        annotations: annotationsOf("2m 1s"),
      },
    },
    {
      name: "a promotion that comes late once is silent",
      series: { [overdue()]: gauge({ "0s": 0, "2m": 300, "6m45s": 0 }) },
      expect: timeline("6m30s pending, 6m45s silent, 10m silent", ml),
    },
    {
      name: "replicas that report the same lane make one alert, and other lanes stay silent",
      series: {
        [overdue(`${LABELS}, instance="a:8000"`)]: gauge({ "0s": 121 }),
        [overdue(`${LABELS}, instance="b:8000"`)]: gauge({ "0s": 1 }),
        [overdue('type="ml", lane="express", instance="a:8000"')]: gauge({ "0s": 100 }),
        [overdue('type="ml", lane="express", instance="b:8000"')]: gauge({ "0s": 100 }),
        [overdue('type="codegen", lane="express", instance="b:8000"')]: gauge({ "0s": 121 }),
      },
      expect: [{ at: "5m", firing: [ml, codegen] }],
    },
    {
      name: "two minutes without a scrape do not restart what is under way",
      series: { [overdue()]: gauge({ "0s": 0, "2m": 300, "4m": "stale", "6m15s": 300 }) },
      expect: timeline("6m pending, 6m45s pending, 7m firing", ml),
    },
    {
      name: "a longer time without one does",
      series: { [overdue()]: gauge({ "0s": 0, "2m": 300, "4m": "stale", "6m45s": 300 }) },
      expect: timeline("6m30s silent, 11m30s pending, 11m45s firing", ml),
    },
    ...casesWhileUnknown({
      labels: codegen,
      series: (instance) => overdue(`type="codegen", lane="express", instance="${instance}"`),
      bad: [200, 900, 300],
      good: 0,
      forMinutes: 5,
      keepFiringForMinutes: 2,
      annotations: annotationsOf("5m 0s", codegen),
    }),
  ],
};
