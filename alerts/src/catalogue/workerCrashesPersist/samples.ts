import type { Samples } from "../samples.ts";
import { counter, gauge } from "../scrapes.ts";

const crashes = (type: string, reason = "oom", instance = "a:8000") =>
  `mcp_worker_crashes_total{type="${type}", reason="${reason}", instance="${instance}"}`;
const ml = { type: "ml" };
/** One crash at each of these minutes. */
const at = (...minutes: number[]) =>
  counter(
    Object.fromEntries([
      ["0s", 0],
      ...minutes.flatMap((minute) => [
        [`${minute}m`, 1],
        [`${minute}m15s`, 0],
      ]),
    ]),
    "120m",
  );

export const samples: Samples = {
  threshold: 3,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "no crash, no alert",
      series: { [crashes("ml")]: counter({ "0s": 0 }, "120m") },
      expect: [{ at: "40m" }, { at: "110m" }],
    },
    {
      name: "a leak that kills a worker every ten minutes: firing 20m after the third crash and not one evaluation earlier",
      series: { [crashes("ml")]: at(10, 20, 30, 40, 50, 60) },
      expect: [
        { at: "29m45s" },
        { at: "30m", pending: [ml] },
        { at: "49m45s", pending: [ml] },
        { at: "50m", firing: [ml] },
        { at: "70m", firing: [ml] },
        { at: "85m" },
      ],
      annotated: {
        at: "50m",
        labels: ml,
        annotations: {
          summary: "Workers of type ml keep crashing: 3 workers or more in 45m",
          description:
            "5 workers of type ml died in the last 45m, and this has gone on for 20m: a crash loop of one type, or a " +
            "slow memory leak.",
          runbook_url: "http://localhost:8090/runbooks/WorkerCrashesPersist.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=7&var-type=ml",
        },
      },
    },
    {
      name: "a crash loop of one type at the back-off cap, too slow for the rate, and of that type alone",
      series: {
        [crashes("ml", "exit")]: counter({ "0s": 0, "10m": 5 }, "120m"),
        [crashes("codegen")]: counter({ "0s": 0 }, "120m"),
      },
      expect: [
        { at: "10m", pending: [ml] },
        { at: "29m45s", pending: [ml] },
        { at: "30m", firing: [ml] },
      ],
    },
    {
      name: "two crashes in three quarters of an hour are silent",
      series: { [crashes("ml")]: at(10, 40, 70, 100) },
      expect: [{ at: "41m" }, { at: "71m" }, { at: "105m" }],
    },
    {
      name: "three crashes at once, such as one bad task, are silent once they are over",
      series: { [crashes("ml")]: counter({ "0s": 0, "10m": 1, "10m45s": 0 }, "120m") },
      expect: [{ at: "11m", pending: [ml] }, { at: "24m", pending: [ml] }, { at: "26m" }, { at: "35m" }],
    },
    {
      name: "crashes of several replicas and reasons count together",
      series: {
        [crashes("ml", "oom", "a:8000")]: at(10, 30, 50),
        [crashes("ml", "signal", "b:8000")]: at(20, 40, 60),
      },
      expect: [
        { at: "30m", pending: [ml] },
        { at: "50m", firing: [ml] },
      ],
    },
    {
      name: "after WorkerCrashRateHigh, which was notified, the same crashes are silent",
      series: {
        [crashes("ml", "signal")]: counter({ "0s": 0, "2m": 15, "20m": 0, "30m": 1, "30m15s": 0 }, "120m"),
        'ALERTS{alertname="WorkerCrashRateHigh", alertstate="firing"}': gauge(
          { "0s": "missing", "12m": 1, "24m": "stale" },
          "120m",
        ),
      },
      expect: [{ at: "10m", pending: [ml] }, { at: "21m" }, { at: "32m" }, { at: "45m" }, { at: "60m" }],
    },
  ],
};
