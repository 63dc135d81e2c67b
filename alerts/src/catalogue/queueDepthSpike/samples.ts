import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const express = { queue: "mcp:queue:reasoning:express", type: "reasoning", lane: "express" };
const regular = { queue: "mcp:queue:reasoning", type: "reasoning", lane: "regular" };

const depth = (labels: string) => `mcp_queue_depth{${labels}}`;
const EXPRESS = 'queue="mcp:queue:reasoning:express", type="reasoning", lane="express"';
const REGULAR = 'queue="mcp:queue:reasoning", type="reasoning", lane="regular"';

/** The expected notification, by value. */
const annotationsOf = (value: string) => ({
  summary: "Queue mcp:queue:reasoning:express holds more than 500 messages",
  description:
    `mcp:queue:reasoning:express holds ${value} messages and has been above 500 messages for 5m. Tasks arrive faster ` +
    "than the reasoning workers finish them, and Redis fills up.",
  runbook_url: "http://localhost:8090/runbooks/QueueDepthSpike.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=5&var-type=reasoning&var-lane=express",
});

export const samples: Samples = {
  threshold: 500,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a queue that stands at the threshold is silent",
      series: { [depth(EXPRESS)]: gauge({ "0s": 500 }) },
      expect: timeline("0s silent, 10m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [depth(EXPRESS)]: gauge({ "0s": 0, "2m": 501, "15m": 500 }) },
      expect: timeline(
        "1m45s silent, 2m pending, 6m45s pending, 7m firing, 14m45s firing, 17m45s firing, 18m silent",
        express,
      ),
      annotated: {
        at: "7m",
        labels: express,
        annotations: annotationsOf("501"),
      },
    },
    {
      name: "a burst that is drained in time is silent",
      series: { [depth(EXPRESS)]: gauge({ "0s": 0, "2m": 5000, "6m45s": 20 }) },
      expect: timeline("6m30s pending, 6m45s silent, 7m silent, 12m silent", express),
    },
    {
      name: "one bad queue among good ones is named alone",
      series: {
        [depth(EXPRESS)]: gauge({ "0s": 499 }),
        [depth(REGULAR)]: gauge({ "0s": 501 }),
        [depth('queue="mcp:queue:ml", type="ml", lane="regular"')]: gauge({ "0s": 0 }),
      },
      expect: [{ at: "10m", firing: [regular] }],
    },
    {
      name: "replicas that report the same queue are not added up, and make one alert",
      series: {
        [depth(`${EXPRESS}, instance="a:8000"`)]: gauge({ "0s": 400, "10m": 501 }),
        [depth(`${EXPRESS}, instance="b:8000"`)]: gauge({ "0s": 400, "10m": 501 }),
      },
      expect: timeline("9m45s silent, 10m pending, 15m firing", express),
    },
    {
      name: "the highest report of the replicas counts",
      series: {
        [depth(`${EXPRESS}, instance="a:8000"`)]: gauge({ "0s": 501 }),
        [depth(`${EXPRESS}, instance="b:8000"`)]: gauge({ "0s": 499 }),
      },
      expect: [{ at: "5m", firing: [express] }],
    },
    {
      name: "what a replica last said does not linger when it is gone and the others know better",
      series: {
        [depth(`${EXPRESS}, instance="a:8000"`)]: gauge({ "0s": 600, "4m": "stale" }),
        [depth(`${EXPRESS}, instance="b:8000"`)]: gauge({ "0s": 600, "4m": 10 }),
      },
      expect: timeline("3m45s pending, 4m silent, 5m silent", express),
    },
    {
      name: "a missed scrape does not restart what is under way",
      series: { [depth(EXPRESS)]: gauge({ "0s": 0, "2m": 600, "4m": "stale", "4m15s": 600 }) },
      expect: timeline("4m pending, 6m45s pending, 7m firing", express),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [depth(EXPRESS)]: gauge({ "0s": 600, "10m": "stale", "14m30s": 600, "20m": "stale" }) },
      expect: timeline("12m firing, 14m15s firing, 16m45s firing, 24m45s firing, 25m45s silent", express),
    },
    {
      name: "a dip of a minute does not resolve it",
      series: { [depth(EXPRESS)]: gauge({ "0s": 600, "10m": 300, "11m": 600 }) },
      expect: timeline("10m45s firing, 11m firing, 13m firing", express),
    },
    {
      name: "no series, no alert",
      series: { mcp_dlq_depth: gauge({ "0s": 600 }) },
      expect: [{ at: "10m" }],
    },
    ...casesWhileUnknown({
      labels: express,
      series: (instance) => depth(`${EXPRESS}, instance="${instance}"`),
      bad: [600, 5000, 700],
      good: 20,
      forMinutes: 5,
      keepFiringForMinutes: 3,
      annotations: annotationsOf("700"),
    }),
  ],
};
