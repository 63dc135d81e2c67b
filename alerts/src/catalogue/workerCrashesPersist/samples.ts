import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events, gauge } from "../samples/scrapes.ts";

const crashes = (type: string, reason = "oom", instance = "a:8000") =>
  `mcp_worker_crashes_total{type="${type}", reason="${reason}", instance="${instance}"}`;
const crashRateHigh = (state: string) => `ALERTS{alertname="WorkerCrashRateHigh", alertstate="${state}"}`;
const ml = { type: "ml" };
const END = "120m";
/** One crash at each of these minutes. */
const at = (...minutes: number[]) =>
  events(
    minutes.map((minute) => `${minute}m`),
    1,
    END,
  );

export const samples: Samples = {
  threshold: 1,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "no crash, no alert",
      series: { [crashes("ml")]: counter({ "0s": 0 }, END) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "a leak that kills a worker every ten minutes: firing 30m after the first crash and not one evaluation earlier, then resolved",
      series: { [crashes("ml")]: at(10, 20, 30, 40, 50, 60) },
      expect: timeline("9m45s silent, 10m pending, 39m45s pending, 40m firing, 75m30s firing, 76m silent", ml),
    },
    {
      name: "crashes of several replicas and for several reasons count together",
      series: {
        [crashes("ml", "oom", "a:8000")]: at(10, 30, 50),
        [crashes("ml", "signal", "b:8000")]: at(20, 40, 60),
        [crashes("ml", "exit", "a:8000")]: at(42),
      },
      expect: timeline("39m45s pending, 52m firing", ml),
      annotated: {
        at: "52m",
        labels: ml,
        annotations: {
          summary: "Workers of type ml keep crashing: at least one in 15m, for 30m",
          description:
            "3 workers of type ml died in the last 15m, and for 30m at least one in every 15m: a crash loop of one " +
            "type, or a slow memory leak.",
          runbook_url: "http://localhost:8090/runbooks/WorkerCrashesPersist.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=20&var-type=ml",
        },
      },
    },
    {
      name: "a crash loop of one type at the backoff cap, too slow for WorkerCrashRateHigh, and of that type alone",
      series: {
        [crashes("ml", "exit")]: counter({ "0s": 0, "10m": 5 }, END),
        [crashes("codegen")]: counter({ "0s": 0 }, END),
        [crashRateHigh("pending")]: gauge({ "0s": 1 }, END),
      },
      expect: timeline("10m pending, 39m45s pending, 40m firing", ml),
    },
    {
      name: "a crash every fourteen minutes goes on",
      series: { [crashes("ml")]: at(10, 24, 38, 52), [crashes("codegen")]: at(10, 24, 38, 52) },
      expect: timeline("39m45s pending, 40m firing", ml, { type: "codegen" }),
    },
    {
      name: "a crash every sixteen minutes does not",
      series: { [crashes("ml")]: at(10, 26, 42, 58) },
      expect: timeline("10m pending, 25m30s silent, 41m silent, 60m pending", ml),
    },
    {
      name: "three crashes at once, such as one bad task, are silent",
      series: { [crashes("ml")]: counter({ "0s": 0, "10m15s": 1, "11m": 0 }, END) },
      expect: timeline("10m15s pending, 24m pending, 26m silent, 50m silent", ml),
    },
    {
      name: "a restart of the service, which counts from 0 again, does not end it",
      series: {
        [crashes("ml")]: counter(
          {
            ...{ "0s": 0, "10m": 1, "10m15s": 0, "20m": 1, "20m15s": 0, "25m": "reset", "25m15s": 0 },
            ...{ "30m": 1, "30m15s": 0, "40m": 1, "40m15s": 0 },
          },
          END,
        ),
      },
      expect: timeline("39m45s pending, 40m firing", ml),
    },
    {
      name: "crashes that WorkerCrashRateHigh has reported are silent until they have left the window",
      series: {
        [crashes("ml", "signal")]: counter({ "0s": 0, "10m": 2 }, END),
        [crashRateHigh("firing")]: gauge({ "0s": "missing", "12m": 1, "24m": "stale" }, END),
      },
      expect: timeline("11m pending, 12m15s silent, 38m30s silent, 39m pending, 68m30s pending, 69m firing", ml),
    },
    {
      name: "a restart of one of two replicas looks like no event: each is rated before they are added up",
      series: {
        [crashes("ml", "oom", "a:8000")]: gauge({ "0s": 5000, "20m": 0 }, END),
        [crashes("ml", "oom", "b:8000")]: gauge({ "0s": 5000 }, END),
      },
      expect: timeline("19m silent, 20m15s silent, 34m silent"),
    },
  ],
};
