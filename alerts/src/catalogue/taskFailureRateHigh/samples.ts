import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events, gauge } from "../samples/scrapes.ts";

const ml = { type: "ml" };
const reasoning = { type: "reasoning" };

const failed = (labels = 'type="ml", lane="regular", reason="upstream"') => `mcp_tasks_failed_total{${labels}}`;
const completed = (labels = 'type="ml", lane="regular"') => `mcp_tasks_completed_total{${labels}}`;

/** What a replica has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 });
const before = gauge({ "0s": 5000 });

export const samples: Samples = {
  threshold: 0.05,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "one task in twenty is the threshold and silent",
      series: {
        [failed()]: counter({ "0s": 1 }),
        [completed()]: counter({ "0s": 19 }),
        [failed('type="reasoning", lane="express", reason="timeout"')]: counter({ "0s": 1 }),
        [completed('type="reasoning", lane="express"')]: counter({ "0s": 10 }),
        [completed('type="reasoning", lane="regular"')]: counter({ "0s": 9 }),
      },
      expect: timeline("15m silent, 40m silent"),
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
      expect: timeline(
        "1m45s silent, 2m pending, 11m45s pending, 12m firing, 19m firing, 21m firing, 21m30s silent",
        ml,
      ),
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
      name: "lanes and reasons of a type are added up, and a type without completed tasks is one as well",
      series: {
        [failed('type="reasoning", lane="regular", reason="upstream"')]: counter({ "0s": 4 }),
        [failed('type="ml", lane="regular", reason="upstream"')]: counter({ "0s": 1 }),
        [failed('type="ml", lane="regular", reason="timeout"')]: counter({ "0s": 1 }),
        [failed('type="ml", lane="express", reason="validation"')]: counter({ "0s": 1 }),
        [completed()]: counter({ "0s": 22 }),
        [completed('type="ml", lane="express"')]: counter({ "0s": 22 }),
      },
      expect: [{ at: "15m", firing: [ml, reasoning] }],
    },
    {
      name: "failures and completions are counted over the same time",
      series: { [failed()]: counter({ "0s": 1 }), [completed()]: counter({ "0s": 99, "10m": 0 }) },
      expect: timeline("13m15s silent, 14m45s pending", ml),
    },
    {
      name: "no traffic divides nothing by nothing and is silent",
      series: { [failed()]: counter({ "0s": 0 }), [completed()]: counter({ "0s": 0 }) },
      expect: timeline("0s silent, 15m silent, 40m silent"),
    },
    {
      name: "one failed task every five minutes in an idle system is not a rate",
      series: { [failed()]: events(["2m", "7m", "12m", "17m"]), [completed()]: counter({ "0s": 0 }) },
      expect: timeline("2m silent, 7m silent, 12m silent, 18m silent"),
    },
    {
      name: "two are, until they have left the window",
      series: { [failed()]: events(["2m", "6m30s", "11m"], 2), [completed()]: counter({ "0s": 0 }) },
      expect: timeline("5m pending, 13m firing, 19m silent", ml),
    },
    {
      name: "one every four and a half minutes is: two of them are in the window now and then, and that is enough",
      series: {
        [failed()]: events(["2m", "6m30s", "11m", "15m30s", "20m"]),
        [completed()]: counter({ "0s": 0 }),
      },
      expect: timeline("6m15s silent, 6m30s pending, 10m45s pending, 16m15s pending, 16m30s firing", ml),
    },
    {
      name: "every other task fails, of one each minute",
      series: {
        [failed()]: events(["1m", "3m", "5m", "7m", "9m", "11m", "13m", "15m"]),
        [completed()]: events(["2m", "4m", "6m", "8m", "10m", "12m", "14m"]),
      },
      expect: [{ at: "15m", firing: [ml] }],
    },
    {
      name: "two failures count for as long again as they are in the window, and no longer",
      series: {
        [failed()]: counter({
          ...{ "0s": 0, "2m": 2, "2m15s": 0, "6m15s": 1, "6m30s": 0, "11m15s": 1, "11m30s": 0 },
        }),
        [completed()]: counter({ "0s": 0 }),
      },
      expect: timeline("4m pending, 12m silent, 15m silent", ml),
    },
    {
      name: "it fires where no task ever completed",
      series: { [failed()]: counter({ "0s": 4 }) },
      expect: timeline("15s pending, 10m pending, 10m15s firing", ml),
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
      expect: timeline("5m45s silent, 6m pending, 16m firing", ml),
    },
    {
      name: "a counter that starts again at 0 makes no failures",
      series: {
        [failed()]: counter({ "0s": 100, "15s": 0, "8m": "reset", "8m15s": 0 }),
        [completed()]: counter({ "0s": 100, "8m": "reset", "8m15s": 100 }),
      },
      expect: timeline("7m30s silent, 8m silent, 9m silent, 20m silent"),
    },
    {
      name: "an incident goes on while a restarted service counts from 0 again",
      series: {
        [failed()]: counter({ "0s": 4, "15m": "reset", "15m15s": 4 }),
        [completed()]: counter({ "0s": 20, "15m": "reset", "15m15s": 20 }),
      },
      expect: timeline("15m firing, 18m firing, 20m firing", ml),
    },
    {
      name: "replicas are added up before they are judged",
      series: {
        [failed('type="ml", lane="regular", reason="upstream", instance="a:8000"')]: counter({ "0s": 10 }),
        [completed('type="ml", lane="regular", instance="a:8000"')]: counter({ "0s": 90 }),
        [failed('type="ml", lane="regular", reason="upstream", instance="b:8000"')]: counter({ "0s": 0 }),
        [completed('type="ml", lane="regular", instance="b:8000"')]: counter({ "0s": 120 }),
        [failed('type="reasoning", lane="regular", reason="upstream", instance="a:8000"')]: counter({ "0s": 4 }),
        [failed('type="reasoning", lane="regular", reason="upstream", instance="b:8000"')]: counter({ "0s": 4 }),
        [completed('type="reasoning", lane="regular", instance="a:8000"')]: counter({ "0s": 100 }),
      },
      expect: [{ at: "25m", firing: [reasoning] }],
    },
    {
      name: "missed scrapes do not restart what is under way",
      series: {
        [failed()]: counter({ "0s": 0, "2m": 30, "4m": "stale", "4m30s": 30 }),
        [completed()]: counter({ "0s": 20, "4m": "stale", "4m30s": 20 }),
      },
      expect: timeline("4m15s pending, 11m45s pending, 12m firing", ml),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [failed()]: counter({ "0s": 4, "15m": "stale", "19m45s": 4, "25m": "stale" }),
        [completed()]: counter({ "0s": 20, "15m": "stale", "19m45s": 20, "25m": "stale" }),
      },
      expect: timeline("17m firing, 19m30s firing, 22m firing, 31m firing, 32m15s silent", ml),
    },
    {
      name: "a restart of one of two replicas looks like no event: each is rated before they are added up",
      series: {
        [failed('type="ml", lane="regular", reason="upstream", instance="a:8000"')]: restarted,
        [failed('type="ml", lane="regular", reason="upstream", instance="b:8000"')]: before,
        [completed()]: counter({ "0s": 10 }),
      },
      expect: timeline("19m silent, 20m15s silent, 22m silent, 24m45s silent"),
    },
    {
      name: "nor does it hide events, as if the others had counted from 0",
      series: {
        [failed()]: counter({ "0s": 1 }),
        [completed()]: counter({ "0s": 4 }),
        [completed('type="ml", lane="regular", instance="a:8000"')]: restarted,
        [completed('type="ml", lane="regular", instance="b:8000"')]: before,
      },
      expect: timeline("19m firing, 24m45s firing", ml),
    },
  ],
};
