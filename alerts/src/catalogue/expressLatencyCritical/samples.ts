import { everyFourMinutes, finishedTasks } from "../finishedTasks.ts";
import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const reasoning = { type: "reasoning" };
const EXPRESS = 'type="reasoning", lane="express"';
const age = (labels = 'queue="mcp:queue:reasoning:express", type="reasoning", lane="express"') =>
  `mcp_oldest_task_age_seconds{${labels}}`;
export const samples: Samples = {
  threshold: 0.5,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a 95th percentile that is the threshold is silent",
      series: { ...finishedTasks(EXPRESS, { "0.5": 19, "0.75": 1 }), [age()]: gauge({ "0s": 0 }) },
      expect: [{ at: "10m" }, { at: "40m" }],
    },
    {
      name: "the slowest tasks under the threshold are silent, a few more slow ones fire",
      series: {
        ...finishedTasks(EXPRESS, { "0.5": 20 }),
        ...finishedTasks('type="ml", lane="express"', { "0.5": 949, "0.75": 51 }),
      },
      expect: [{ at: "15m", firing: [{ type: "ml" }] }],
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { ...finishedTasks(EXPRESS, { "0.75": 4 }, { "0s": 0, "2m": 1, "12m": 0 }), [age()]: gauge({ "0s": 0 }) },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [reasoning] },
        { at: "6m45s", pending: [reasoning] },
        { at: "7m", firing: [reasoning] },
        { at: "16m", firing: [reasoning] },
        { at: "19m15s", firing: [reasoning] },
        { at: "20m15s" },
      ],
      annotated: {
        at: "10m",
        labels: reasoning,
        annotations: {
          summary: "Express reasoning tasks take longer than 500 ms (p95)",
          description:
            "The 95th percentile of express reasoning tasks over the last 5m is 737.5ms, above 500 ms for 5m. Where none " +
            "finished in that time, this is the age of the oldest one waiting.",
          runbook_url: "http://localhost:8090/runbooks/ExpressLatencyCritical.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=6&var-type=reasoning",
        },
      },
    },
    {
      name: "no traffic gives no number and stays silent",
      series: { ...finishedTasks(EXPRESS, { "0.75": 4 }, { "0s": 0 }), [age()]: gauge({ "0s": 0 }) },
      expect: [{ at: "0s" }, { at: "10m" }, { at: "30m" }],
    },
    {
      name: "one slow task in an idle system is silent, also when telemetry is lost after it",
      series: {
        ...finishedTasks(EXPRESS, { "1": 1 }, { "0s": 0, "2m": 1, "2m15s": 0 }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: [{ at: "2m" }, { at: "7m15s" }, { at: "12m" }],
    },
    {
      name: "one task that is old before it is recovered, and slow then, is silent in an idle system",
      series: {
        ...finishedTasks(EXPRESS, { "0.75": 1 }, { "0s": 0, "3m30s": 1, "3m45s": 0 }),
        ...finishedTasks('type="reasoning", lane="regular"', { "0.075": 4 }),
        [age()]: gauge({ "0s": 0, "2m": 1, "2m30s": 30, "3m": 60, "3m15s": 90, "3m30s": 0 }),
      },
      expect: [{ at: "3m15s", pending: [reasoning] }, { at: "3m30s" }, { at: "7m" }, { at: "8m15s" }],
    },
    {
      name: "two slow tasks in each window are enough, also of two replicas",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { "1": 1 }, { "0s": 0, ...everyFourMinutes(2) }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "1": 1 }, { "0s": 0, ...everyFourMinutes(4) }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: [
        { at: "3m45s" },
        { at: "4m", pending: [reasoning] },
        { at: "8m45s", pending: [reasoning] },
        { at: "9m", firing: [reasoning] },
      ],
    },
    {
      name: "slow tasks are forgotten with their window, also while fast ones go on",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { "0.75": 4 }, { "0s": 1, "12m": 0 }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "0.075": 4 }),
      },
      expect: [{ at: "16m", firing: [reasoning] }, { at: "20m15s" }],
    },
    {
      name: "a restart in the middle does not restart what is under way",
      series: {
        ...finishedTasks(EXPRESS, { "0.75": 4 }, { "0s": 0, "2m": 1, "5m": "reset", "5m15s": 1 }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: [
        { at: "6m45s", pending: [reasoning] },
        { at: "7m", firing: [reasoning] },
      ],
    },
    {
      name: "tasks that never finish are seen by their age",
      series: {
        ...finishedTasks(EXPRESS, { "0.075": 4 }, { "0s": 1, "5m": 0 }),
        [age()]: gauge({ "0s": 0, "5m": 30, "6m": 90, "20m": 0 }),
      },
      expect: [
        { at: "9m15s" },
        { at: "10m", pending: [reasoning] },
        { at: "14m15s", pending: [reasoning] },
        { at: "15m", firing: [reasoning] },
        { at: "22m45s", firing: [reasoning] },
        { at: "23m" },
      ],
    },
    {
      name: "an age at the threshold is silent, an age above it fires where nothing ever finished",
      series: {
        [age()]: gauge({ "0s": 0.5 }),
        [age('queue="mcp:queue:ml:express", type="ml", lane="express"')]: gauge({ "0s": 0.53 }),
      },
      expect: [
        { at: "4m45s", pending: [{ type: "ml" }] },
        { at: "5m", firing: [{ type: "ml" }] },
      ],
    },
    {
      name: "while tasks finish fast, one that waits longer is not the 95th percentile",
      series: { ...finishedTasks(EXPRESS, { "0.075": 40 }), [age()]: gauge({ "0s": 60 }) },
      expect: [{ at: "10m" }],
    },
    {
      name: "the regular lane may be slow, and its oldest task old",
      series: {
        ...finishedTasks('type="reasoning", lane="regular"', { "1": 40 }),
        ...finishedTasks(EXPRESS, { "0.075": 4 }, { "0s": 1, "10m": 0 }),
        [age()]: gauge({ "0s": 0 }),
        [age('queue="mcp:queue:reasoning", type="reasoning", lane="regular"')]: gauge({ "0s": 600 }),
      },
      expect: [{ at: "9m" }, { at: "25m" }],
    },
    {
      name: "one slow type among fast ones is named alone",
      series: {
        ...finishedTasks(EXPRESS, { "0.75": 2 }),
        ...finishedTasks('type="ml", lane="express"', { "0.075": 400 }),
        ...finishedTasks('type="codegen", lane="express"', { "0.075": 400 }),
      },
      expect: [{ at: "10m", firing: [reasoning] }],
    },
    {
      name: "replicas are added up before the percentile is taken",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { "1": 1 }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "0.075": 99 }),
      },
      expect: [{ at: "15m" }],
    },
    {
      name: "slow tasks of one replica count among the fast ones of another",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { "1": 10 }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "0.075": 100 }),
      },
      expect: [{ at: "15m", firing: [reasoning] }],
    },
    {
      name: "the oldest age of the replicas counts, is not added up, and makes one alert",
      series: {
        [age('type="reasoning", lane="express", instance="a:8000"')]: gauge({ "0s": 0.75 }),
        [age('type="reasoning", lane="express", instance="b:8000"')]: gauge({ "0s": 0 }),
        [age('type="ml", lane="express", instance="a:8000"')]: gauge({ "0s": 0.45 }),
        [age('type="ml", lane="express", instance="b:8000"')]: gauge({ "0s": 0.45 }),
      },
      expect: [{ at: "5m", firing: [reasoning] }],
    },
    {
      name: "a counter that starts again at 0 is silent",
      series: {
        ...finishedTasks(EXPRESS, { "1": 40 }, { "0s": 1, "15s": 0, "8m": "reset", "8m15s": 0 }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: [{ at: "8m" }, { at: "9m" }, { at: "14m" }],
    },
    {
      name: "a missed scrape does not restart what is under way",
      series: {
        ...finishedTasks(EXPRESS, { "0.75": 4 }, { "0s": 0, "2m": 1, "4m": "stale", "4m15s": 1 }),
        [age()]: gauge({ "0s": 0, "4m": "stale", "4m15s": 0 }),
      },
      expect: [
        { at: "4m", pending: [reasoning] },
        { at: "6m45s", pending: [reasoning] },
        { at: "7m", firing: [reasoning] },
      ],
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [age()]: gauge({ "0s": 9, "12m": "stale", "16m45s": 9, "25m": "stale" }),
        ...finishedTasks('type="ml", lane="express"', { "0.75": 4 }, { "0s": 1, "25m": "stale" }),
      },
      expect: [
        { at: "14m", firing: [reasoning, { type: "ml" }] },
        { at: "16m30s", firing: [reasoning, { type: "ml" }] },
        { at: "19m", firing: [reasoning, { type: "ml" }] },
        { at: "32m30s", firing: [reasoning, { type: "ml" }] },
        { at: "34m", firing: [{ type: "ml" }] },
        { at: "38m15s" },
      ],
    },
  ],
};
