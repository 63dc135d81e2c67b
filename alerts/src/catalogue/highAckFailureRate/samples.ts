import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events, gauge } from "../samples/scrapes.ts";

const express = { type: "reasoning", lane: "express" };
const regular = { type: "reasoning", lane: "regular" };
const REASONING = 'type="reasoning", lane="express"';

const failures = (labels = REASONING) => `mcp_ack_failures_total{${labels}}`;
const ok = (labels = REASONING) => `mcp_ack_attempts_total{${labels}, outcome="ok"}`;
const error = (labels = REASONING) => `mcp_ack_attempts_total{${labels}, outcome="error"}`;

/** What a replica has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 });
const before = gauge({ "0s": 5000 });

export const samples: Samples = {
  threshold: 0.01,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "one message in a hundred is the threshold and silent",
      series: { [failures()]: counter({ "0s": 1 }), [ok()]: counter({ "0s": 99 }) },
      expect: timeline("8m silent, 20m silent, 40m silent"),
    },
    {
      name: "a little under the threshold is silent, a little over it fires",
      series: {
        [failures()]: counter({ "0s": 1 }),
        [ok()]: counter({ "0s": 102 }),
        [failures('type="reasoning", lane="regular"')]: counter({ "0s": 1 }),
        [ok('type="reasoning", lane="regular"')]: counter({ "0s": 96 }),
      },
      expect: [{ at: "20m", firing: [regular] }],
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: {
        [failures()]: counter({ "0s": 0, "2m": 4, "12m": 0 }),
        [error()]: counter({ "0s": 0, "2m": 12, "12m": 0 }),
        [ok()]: counter({ "0s": 4 }),
      },
      expect: timeline(
        "1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m firing, 19m15s firing, 20m silent",
        express,
      ),
      annotated: {
        at: "11m",
        labels: express,
        annotations: {
          summary: "More than 1 % of reasoning express messages cannot be acknowledged",
          description:
            "50% of the reasoning messages of the express lane could not be acknowledged over the last 5m, above 1 % " +
            "for 5m. Their results are stored, but they stay pending and fill Redis.",
          runbook_url: "http://localhost:8090/runbooks/HighACKFailureRate.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=2&var-type=reasoning&var-lane=express",
        },
      },
    },
    {
      name: "attempts that a retry rescues do not touch it",
      series: { [failures()]: counter({ "0s": 0 }), [error()]: counter({ "0s": 30 }), [ok()]: counter({ "0s": 30 }) },
      expect: timeline("10m silent, 30m silent"),
    },
    {
      name: "no traffic divides nothing by nothing and is silent",
      series: { [failures()]: counter({ "0s": 0 }), [error()]: counter({ "0s": 0 }), [ok()]: counter({ "0s": 0 }) },
      expect: timeline("0s silent, 10m silent, 30m silent"),
    },
    {
      name: "one failure alone in an idle system is silent, also when telemetry is lost after it",
      series: {
        [failures()]: counter({ "0s": 0, "2m": 1, "2m15s": 0, "6m": "stale" }),
        [ok()]: counter({ "0s": 0, "6m": "stale" }),
      },
      expect: timeline("2m silent, 7m silent, 9m silent, 11m silent"),
    },
    {
      name: "one failure every few minutes in an idle system is not a rate, two are",
      series: {
        [failures()]: counter({ "0s": 0, "3m": 1, "3m15s": 0, "9m": 1, "9m15s": 0, "15m": 1, "15m15s": 0 }),
        [ok()]: counter({ "0s": 0 }),
        [failures('type="reasoning", lane="regular"')]: counter({ "0s": 0, "3m": 2, "3m15s": 0, "6m": 2, "6m15s": 0 }),
        [ok('type="reasoning", lane="regular"')]: counter({ "0s": 0 }),
      },
      expect: timeline("3m pending, 9m firing, 16m silent", regular),
    },
    {
      name: "one every four and a half minutes is: two of them are in the window now and then, and that is enough",
      series: { [failures()]: events(["2m", "6m30s", "11m", "15m30s"]), [ok()]: counter({ "0s": 0 }) },
      expect: timeline("6m15s silent, 6m30s pending, 11m15s pending, 11m30s firing", express),
    },
    {
      name: "two failures count for as long again as they are in the window, and no longer",
      series: {
        [failures()]: counter({
          ...{ "0s": 0, "2m": 2, "2m15s": 0, "6m15s": 1, "6m30s": 0, "11m15s": 1, "11m30s": 0 },
        }),
        [ok()]: counter({ "0s": 0 }),
      },
      expect: timeline("7m firing, 13m30s firing, 15m silent", express),
    },
    {
      name: "it fires where no acknowledgement ever succeeded",
      series: { [failures()]: counter({ "0s": 4 }), [error()]: counter({ "0s": 12 }) },
      expect: timeline("15s pending, 5m pending, 5m15s firing", express),
      annotated: {
        at: "10m",
        labels: express,
        annotations: {
          summary: "More than 1 % of reasoning express messages cannot be acknowledged",
          description:
            "100% of the reasoning messages of the express lane could not be acknowledged over the last 5m, above 1 % " +
            "for 5m. Their results are stored, but they stay pending and fill Redis.",
          runbook_url: "http://localhost:8090/runbooks/HighACKFailureRate.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=2&var-type=reasoning&var-lane=express",
        },
      },
    },
    {
      name: "a numerator that is born late is seen from its first increase",
      series: {
        [failures()]: counter({ "0s": "missing", "5m": 0, "6m": 30 }),
        [ok()]: counter({ "0s": 20 }),
      },
      expect: timeline("5m45s silent, 6m pending, 11m firing", express),
    },
    {
      name: "a counter that starts again at 0 makes no failures",
      series: {
        [failures()]: counter({ "0s": 100, "15s": 0, "8m": "reset", "8m15s": 0 }),
        [ok()]: counter({ "0s": 100, "8m": "reset", "8m15s": 100 }),
      },
      expect: timeline("7m30s silent, 8m silent, 9m silent, 14m silent"),
    },
    {
      name: "an incident goes on while a restarted service counts from 0 again",
      series: {
        [failures()]: counter({ "0s": 4, "12m": "reset", "12m15s": 4 }),
        [ok()]: counter({ "0s": 20, "12m": "reset", "12m15s": 20 }),
      },
      expect: timeline("12m firing, 15m firing, 17m firing", express),
    },
    {
      name: "failures that are spread over replicas add up",
      series: {
        [failures(`${REASONING}, instance="a:8000"`)]: counter({ "0s": 1 }),
        [ok(`${REASONING}, instance="a:8000"`)]: counter({ "0s": 75 }),
        [failures(`${REASONING}, instance="b:8000"`)]: counter({ "0s": 1 }),
        [ok(`${REASONING}, instance="b:8000"`)]: counter({ "0s": 75 }),
      },
      expect: [{ at: "20m", firing: [express] }],
    },
    {
      name: "replicas are added up before they are judged",
      series: {
        [failures(`${REASONING}, instance="a:8000"`)]: counter({ "0s": 1 }),
        [ok(`${REASONING}, instance="a:8000"`)]: counter({ "0s": 49 }),
        [failures(`${REASONING}, instance="b:8000"`)]: counter({ "0s": 0 }),
        [ok(`${REASONING}, instance="b:8000"`)]: counter({ "0s": 98 }),
      },
      expect: [{ at: "20m" }],
    },
    {
      name: "one bad lane among good ones is named alone",
      series: {
        [failures()]: counter({ "0s": 1 }),
        [ok()]: counter({ "0s": 19 }),
        [failures('type="reasoning", lane="regular"')]: counter({ "0s": 0 }),
        [ok('type="reasoning", lane="regular"')]: counter({ "0s": 1000 }),
        [failures('type="ml", lane="express"')]: counter({ "0s": 0 }),
        [ok('type="ml", lane="express"')]: counter({ "0s": 1000 }),
      },
      expect: [{ at: "10m", firing: [express] }],
    },
    {
      name: "a missed scrape does not restart what is under way",
      series: {
        [failures()]: counter({ "0s": 0, "2m": 4, "4m": "stale", "4m15s": 4 }),
        [ok()]: counter({ "0s": 20, "4m": "stale", "4m15s": 20 }),
      },
      expect: timeline("4m pending, 6m45s pending, 7m firing", express),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [failures()]: counter({ "0s": 4, "12m": "stale", "16m45s": 4, "25m": "stale" }),
        [ok()]: counter({ "0s": 20, "12m": "stale", "16m45s": 20, "25m": "stale" }),
      },
      expect: timeline("14m firing, 16m30s firing, 19m firing, 32m firing, 33m15s silent", express),
    },
    {
      name: "a restart of one of two replicas looks like no event: each is rated before they are added up",
      series: {
        [failures(`${REASONING}, instance="a:8000"`)]: restarted,
        [failures(`${REASONING}, instance="b:8000"`)]: before,
        [ok()]: counter({ "0s": 10 }),
      },
      expect: timeline("19m silent, 20m15s silent, 22m silent, 24m45s silent"),
    },
    {
      name: "nor does it hide events, as if the others had counted from 0",
      series: {
        [failures()]: counter({ "0s": 1 }),
        [ok()]: counter({ "0s": 4 }),
        [ok(`${REASONING}, instance="a:8000"`)]: restarted,
        [ok(`${REASONING}, instance="b:8000"`)]: before,
      },
      expect: timeline("19m firing, 24m45s firing", express),
    },
  ],
};
