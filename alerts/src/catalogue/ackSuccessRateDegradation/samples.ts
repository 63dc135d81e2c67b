import { type Samples, timeline } from "../samples/samples.ts";
import { counter, gauge } from "../samples/scrapes.ts";

const express = { type: "codegen", lane: "express" };
const regular = { type: "codegen", lane: "regular" };
const CODEGEN = 'type="codegen", lane="express"';

const ok = (labels = CODEGEN) => `mcp_ack_attempts_total{${labels}, outcome="ok"}`;
const error = (labels = CODEGEN) => `mcp_ack_attempts_total{${labels}, outcome="error"}`;

/** What a replica has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 });
const before = gauge({ "0s": 5000 });

export const samples: Samples = {
  threshold: 0.99,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "99 of a hundred attempts is the threshold and silent",
      series: { [error()]: counter({ "0s": 1 }), [ok()]: counter({ "0s": 99 }) },
      expect: timeline("15m silent, 40m silent"),
    },
    {
      name: "a little above the threshold is silent, a little below it fires",
      series: {
        [error()]: counter({ "0s": 1 }),
        [ok()]: counter({ "0s": 102 }),
        [error('type="codegen", lane="regular"')]: counter({ "0s": 1 }),
        [ok('type="codegen", lane="regular"')]: counter({ "0s": 96 }),
      },
      expect: [{ at: "25m", firing: [regular] }],
    },
    {
      name: "pending from the first evaluation below it, firing after 10m and not one evaluation earlier, then resolved",
      series: {
        [error()]: counter({ "0s": 0, "2m": 8, "15m": 0 }),
        [ok()]: counter({ "0s": 32 }),
      },
      expect: timeline(
        "1m45s silent, 2m pending, 11m45s pending, 12m firing, 19m firing, 21m15s firing, 21m45s silent",
        express,
      ),
      annotated: {
        at: "14m",
        labels: express,
        annotations: {
          summary: "Fewer than 99 % of codegen express acknowledgement attempts succeed",
          description:
            "80% of the attempts to acknowledge codegen messages of the express lane succeeded over the last 5m, " +
            "below 99 % for 10m. Retries still save the messages, but results come later.",
          runbook_url: "http://localhost:8090/runbooks/ACKSuccessRateDegradation.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=3&var-type=codegen&var-lane=express",
        },
      },
    },
    {
      name: "errors and attempts are counted over the same time",
      series: { [error()]: counter({ "0s": 1 }), [ok()]: counter({ "0s": 199, "10m": 0 }) },
      expect: timeline("11m45s silent, 12m45s pending", express),
    },
    {
      name: "no traffic divides nothing by nothing and is silent",
      series: { [error()]: counter({ "0s": 0 }), [ok()]: counter({ "0s": 0 }) },
      expect: timeline("0s silent, 15m silent, 40m silent"),
    },
    {
      name: "one message that fails three times every few minutes is not a rate, more attempts are",
      series: {
        [error()]: counter({
          "0s": 0,
          "2m": 3,
          "2m15s": 0,
          "6m30s": 3,
          "6m45s": 0,
          "11m": 3,
          "11m15s": 0,
          "15m30s": 3,
          "15m45s": 0,
        }),
        [ok()]: counter({ "0s": 0 }),
        [error('type="codegen", lane="regular"')]: counter({
          "0s": 0,
          "2m": 4,
          "2m15s": 0,
          "6m30s": 4,
          "6m45s": 0,
          "11m": 4,
          "11m15s": 0,
        }),
        [ok('type="codegen", lane="regular"')]: counter({ "0s": 0 }),
      },
      expect: timeline("5m pending, 13m firing, 19m silent", regular),
    },
    {
      name: "a series of errors that is born late is seen from its first increase",
      series: { [error()]: counter({ "0s": "missing", "5m": 0, "6m": 5 }), [ok()]: counter({ "0s": 20 }) },
      expect: timeline("5m45s silent, 6m pending, 16m firing", express),
    },
    {
      name: "a counter that starts again at 0 makes no errors",
      series: {
        [error()]: counter({ "0s": 100, "15s": 0, "8m": "reset", "8m15s": 0 }),
        [ok()]: counter({ "0s": 100, "8m": "reset", "8m15s": 100 }),
      },
      expect: timeline("7m30s silent, 8m silent, 9m silent, 20m silent"),
    },
    {
      name: "an incident goes on while a restarted service counts from 0 again",
      series: {
        [error()]: counter({ "0s": 4, "15m": "reset", "15m15s": 4 }),
        [ok()]: counter({ "0s": 20, "15m": "reset", "15m15s": 20 }),
      },
      expect: timeline("15m firing, 18m firing, 20m firing", express),
    },
    {
      name: "errors that are spread over replicas add up",
      series: {
        [error(`${CODEGEN}, instance="a:8000"`)]: counter({ "0s": 1 }),
        [ok(`${CODEGEN}, instance="a:8000"`)]: counter({ "0s": 75 }),
        [error(`${CODEGEN}, instance="b:8000"`)]: counter({ "0s": 1 }),
        [ok(`${CODEGEN}, instance="b:8000"`)]: counter({ "0s": 75 }),
      },
      expect: [{ at: "25m", firing: [express] }],
    },
    {
      name: "replicas are added up before they are judged",
      series: {
        [error(`${CODEGEN}, instance="a:8000"`)]: counter({ "0s": 1 }),
        [ok(`${CODEGEN}, instance="a:8000"`)]: counter({ "0s": 49 }),
        [error(`${CODEGEN}, instance="b:8000"`)]: counter({ "0s": 0 }),
        [ok(`${CODEGEN}, instance="b:8000"`)]: counter({ "0s": 98 }),
      },
      expect: [{ at: "25m" }],
    },
    {
      name: "one bad lane among good ones is named alone",
      series: {
        [error()]: counter({ "0s": 1 }),
        [ok()]: counter({ "0s": 19 }),
        [error('type="codegen", lane="regular"')]: counter({ "0s": 0 }),
        [ok('type="codegen", lane="regular"')]: counter({ "0s": 1000 }),
        [error('type="ml", lane="express"')]: counter({ "0s": 0 }),
        [ok('type="ml", lane="express"')]: counter({ "0s": 1000 }),
      },
      expect: [{ at: "15m", firing: [express] }],
    },
    {
      name: "missed scrapes do not restart what is under way",
      series: {
        [error()]: counter({ "0s": 0, "2m": 4, "4m": "stale", "4m30s": 4 }),
        [ok()]: counter({ "0s": 20, "4m": "stale", "4m30s": 20 }),
      },
      expect: timeline("4m15s pending, 11m45s pending, 12m firing", express),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [error()]: counter({ "0s": 4, "15m": "stale", "19m45s": 4, "25m": "stale" }),
        [ok()]: counter({ "0s": 20, "15m": "stale", "19m45s": 20, "25m": "stale" }),
      },
      expect: timeline("17m firing, 19m30s firing, 22m firing, 31m firing, 32m15s silent", express),
    },
    {
      name: "a restart of one of two replicas looks like no event: each is rated before they are added up",
      series: {
        [error(`${CODEGEN}, instance="a:8000"`)]: restarted,
        [error(`${CODEGEN}, instance="b:8000"`)]: before,
        [ok()]: counter({ "0s": 10 }),
      },
      expect: timeline("19m silent, 20m15s silent, 22m silent, 24m45s silent"),
    },
    {
      name: "nor does it hide events, as if the others had counted from 0",
      series: {
        [error()]: counter({ "0s": 1 }),
        [ok()]: counter({ "0s": 4 }),
        [ok(`${CODEGEN}, instance="a:8000"`)]: restarted,
        [ok(`${CODEGEN}, instance="b:8000"`)]: before,
      },
      expect: timeline("19m firing, 24m45s firing", express),
    },
  ],
};
