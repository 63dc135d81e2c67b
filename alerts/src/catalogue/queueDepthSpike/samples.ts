import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const express = { queue: "mcp:queue:reasoning:express", type: "reasoning", lane: "express" };
const regular = { queue: "mcp:queue:reasoning", type: "reasoning", lane: "regular" };

const depth = (labels: string) => `mcp_queue_depth{${labels}}`;
const EXPRESS = 'queue="mcp:queue:reasoning:express", type="reasoning", lane="express"';
const REGULAR = 'queue="mcp:queue:reasoning", type="reasoning", lane="regular"';

export const samples: Samples = {
  threshold: 500,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a queue that stands at the threshold is silent",
      series: { [depth(EXPRESS)]: gauge({ "0s": 500 }) },
      expect: [{ at: "0s" }, { at: "10m" }, { at: "40m" }],
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [depth(EXPRESS)]: gauge({ "0s": 0, "2m": 501, "15m": 500 }) },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [express] },
        { at: "6m45s", pending: [express] },
        { at: "7m", firing: [express] },
        { at: "14m45s", firing: [express] },
        { at: "17m45s", firing: [express] },
        { at: "18m" },
      ],
      annotated: {
        at: "7m",
        labels: express,
        annotations: {
          summary: "Queue mcp:queue:reasoning:express holds more than 500 messages",
          description:
            "mcp:queue:reasoning:express holds 501 messages and has been above 500 messages for 5m: tasks arrive " +
            "faster than the reasoning workers finish them, and Redis memory grows with the queue.",
          runbook_url: "http://localhost:8090/runbooks/QueueDepthSpike.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=5&var-type=reasoning&var-lane=express",
        },
      },
    },
    {
      name: "a burst that is drained in time is silent",
      series: { [depth(EXPRESS)]: gauge({ "0s": 0, "2m": 5000, "6m45s": 20 }) },
      expect: [{ at: "6m30s", pending: [express] }, { at: "6m45s" }, { at: "7m" }, { at: "12m" }],
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
      expect: [{ at: "9m45s" }, { at: "10m", pending: [express] }, { at: "15m", firing: [express] }],
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
      expect: [{ at: "3m45s", pending: [express] }, { at: "4m" }, { at: "5m" }],
    },
    {
      name: "a missed scrape does not restart what is under way",
      series: { [depth(EXPRESS)]: gauge({ "0s": 0, "2m": 600, "4m": "stale", "4m15s": 600 }) },
      expect: [
        { at: "4m", pending: [express] },
        { at: "6m45s", pending: [express] },
        { at: "7m", firing: [express] },
      ],
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [depth(EXPRESS)]: gauge({ "0s": 600, "10m": "stale", "14m30s": 600, "20m": "stale" }) },
      expect: [
        { at: "12m", firing: [express] },
        { at: "14m15s", firing: [express] },
        { at: "16m45s", firing: [express] },
        { at: "27m30s", firing: [express] },
        { at: "28m15s" },
      ],
    },
    {
      name: "a dip of a minute does not resolve it",
      series: { [depth(EXPRESS)]: gauge({ "0s": 600, "10m": 300, "11m": 600 }) },
      expect: [
        { at: "10m45s", firing: [express] },
        { at: "11m", firing: [express] },
        { at: "13m", firing: [express] },
      ],
    },
    {
      name: "no series, no alert",
      series: { mcp_dlq_depth: gauge({ "0s": 600 }) },
      expect: [{ at: "10m" }],
    },
  ],
};
