import { type Samples, timeline } from "../samples/samples.ts";
import { counter, gauge } from "../samples/scrapes.ts";

const crashes = (labels = 'type="ml", reason="signal"') => `mcp_worker_crashes_total{${labels}}`;
const UP = 'up{job="mcp-orchestrator", instance="a:8000"}';
const all = {};

/** What a replica has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 });
const before = gauge({ "0s": 5000 });

export const samples: Samples = {
  threshold: 0.5,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "one crash in two seconds is the threshold and silent",
      series: { [crashes()]: counter({ "0s": 7.5 }) },
      expect: timeline("20m silent, 40m silent"),
    },
    {
      name: "a little under the threshold is silent",
      series: { [crashes()]: counter({ "0s": 7.3 }) },
      expect: timeline("20m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: { [crashes()]: counter({ "0s": 0, "10m": 20, "25m": 0 }) },
      expect: timeline(
        "11m30s silent, 11m45s pending, 21m30s pending, 21m45s firing, 27m45s firing, 29m30s firing, 30m15s silent",
        all,
      ),
      annotated: {
        at: "22m",
        labels: all,
        annotations: {
          summary: "Workers crash more often than 0.5/s",
          description:
            "Worker processes died 1.33/s over the last 5m, above 0.5/s for 10m. Tasks are interrupted and run again, " +
            "and the remaining workers fall behind.",
          runbook_url: "http://localhost:8090/runbooks/WorkerCrashRateHigh.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=7",
        },
      },
    },
    {
      name: "a little over the threshold, spread over types, reasons and replicas, fires",
      series: {
        [crashes('type="ml", reason="signal", instance="a:8000"')]: counter({ "0s": 2 }),
        [crashes('type="ml", reason="oom", instance="a:8000"')]: counter({ "0s": 2 }),
        [crashes('type="reasoning", reason="exit", instance="a:8000"')]: counter({ "0s": 2 }),
        [crashes('type="ml", reason="signal", instance="b:8000"')]: counter({ "0s": 1.7 }),
      },
      expect: [{ at: "20m", firing: [all] }],
    },
    {
      name: "a wave of crashes that ends is silent",
      series: { [crashes()]: counter({ "0s": 0, "10m": 12, "16m": 0 }) },
      expect: timeline("16m pending, 21m silent, 25m silent", all),
    },
    {
      name: "one crash, and a rolling restart, are silent",
      series: { [crashes()]: counter({ "0s": 0, "5m": 1, "5m15s": 0, "10m": "reset", "10m15s": 0 }) },
      expect: timeline("5m silent, 6m silent, 12m silent, 20m silent"),
    },
    {
      name: "a counter that starts again at 0 makes no crashes",
      series: { [crashes()]: counter({ "0s": 5000, "15s": 0, "10m": "reset", "10m15s": 0 }) },
      expect: timeline("10m silent, 11m silent, 25m silent"),
    },
    {
      name: "an incident goes on while a restarted service counts from 0 again",
      series: { [crashes()]: counter({ "0s": 10, "15m": "reset", "15m15s": 10 }) },
      expect: timeline("15m firing, 19m firing, 20m firing, 22m firing", all),
    },
    {
      name: "crashes of a long time without telemetry are not taken for crashes of now",
      series: {
        [UP]: gauge({ "0s": 1, "10m": 0, "20m15s": 1 }),
        [crashes()]: counter({ "0s": 4.5, "10m": "stale", "20m15s": 4.5 }),
      },
      expect: timeline("9m silent, 12m silent, 20m15s silent, 20m30s silent, 24m silent"),
    },
    {
      name: "crashes of some minutes without telemetry count as soon as it is back",
      series: {
        [UP]: gauge({ "0s": 1, "15m": 0, "24m15s": 1 }),
        [crashes()]: counter({ "0s": 8, "15m": "stale", "24m15s": 8 }),
      },
      expect: timeline("15m firing, 24m silent, 24m15s pending", all),
    },
    {
      name: "missed scrapes do not restart what is under way",
      series: {
        [UP]: gauge({ "0s": 1, "8m": 0, "8m30s": 1 }),
        [crashes()]: counter({ "0s": 8, "8m": "stale", "8m30s": 8 }),
      },
      expect: timeline("4m30s silent, 4m45s pending, 8m15s pending, 14m30s pending, 14m45s firing", all),
    },
    {
      name: "a rate just over the threshold does not sink under it while telemetry is away, and ends when it stays away",
      series: {
        [UP]: gauge({ "0s": 1, "20m": 0, "24m45s": 1, "35m": 0 }),
        [crashes()]: counter({ "0s": 8, "20m": "stale", "24m45s": 8, "35m": "stale" }),
      },
      expect: timeline("22m firing, 24m30s firing, 29m firing, 41m30s firing, 42m30s silent", all),
    },
    {
      name: "it is seen where Prometheus keeps no up for the job",
      series: { [crashes()]: counter({ "0s": 20 }), 'up{job="other", instance="c:9"}': gauge({ "0s": 0 }) },
      expect: [{ at: "20m", firing: [all] }],
    },
    {
      name: "one replica that cannot be scraped does not hide the crashes of another",
      series: {
        [UP]: gauge({ "0s": 0 }),
        'up{job="mcp-orchestrator", instance="b:8000"}': gauge({ "0s": 1 }),
        [crashes('type="ml", reason="signal", instance="b:8000"')]: counter({ "0s": 20 }),
      },
      expect: [{ at: "20m", firing: [all] }],
    },
    {
      name: "a restart of one of two replicas looks like no event: each is rated before they are added up",
      series: {
        [crashes('type="ml", reason="signal", instance="a:8000"')]: restarted,
        [crashes('type="ml", reason="signal", instance="b:8000"')]: before,
      },
      expect: timeline("19m silent, 20m15s silent, 22m silent, 24m45s silent"),
    },
  ],
};
