import type { Samples } from "../samples.ts";

const WORKERS = 'mcp_active_workers{type="ml", instance="a:8000"}';
const service = {};
/** A cycle of scrapes, over and over for two hours: `1` with a worker, `0` without one, `_` not scraped. */
const cycle = (scrapes: string) =>
  Array.from({ length: Math.ceil(480 / scrapes.length) }, () => [...scrapes].join(" ")).join(" ");
/** Up for these scrapes, then down, then up again, each once. */
const once = (up: number, down: number) => `1x${up - 1} 0x${down - 1} 1x${480 - up - down}`;

export const samples: Samples = {
  threshold: 0.1,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a service that works is silent",
      series: { [WORKERS]: "1x480" },
      expect: [{ at: "10m" }, { at: "60m" }],
    },
    {
      name: "down for 60 s of every 90: pending after three minutes of it, firing 5m later and not one evaluation earlier",
      series: { [WORKERS]: cycle("110000") },
      // Four of six scrapes are bad: the thirteenth bad one is at 5m.
      expect: [
        { at: "4m45s" },
        { at: "5m", pending: [service] },
        { at: "9m45s", pending: [service] },
        { at: "10m", firing: [service] },
        { at: "60m", firing: [service] },
      ],
      annotated: {
        at: "60m",
        labels: service,
        annotations: {
          summary: "The service comes and goes: it was down for more than 10 % of the last 30m",
          description:
            "In 66.67% of the last 30m no worker was consuming or the service did not answer. Each outage was too short " +
            "for NoActiveWorkers.",
          runbook_url: "http://localhost:8090/runbooks/ServiceUnstable.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=8",
        },
      },
    },
    {
      name: "without workers for 105 s and with them for 15, hour after hour",
      series: { [WORKERS]: cycle("10000000") },
      expect: [
        { at: "15m", firing: [service] },
        { at: "60m", firing: [service] },
      ],
    },
    {
      name: "a third of the time it cannot be scraped",
      series: { [WORKERS]: Array.from({ length: 80 }, () => "1 1 1 1 stale _").join(" ") },
      expect: [
        { at: "30m", firing: [service] },
        { at: "60m", firing: [service] },
      ],
    },
    {
      name: "three minutes in half an hour are silent, such as some restarts",
      series: { [WORKERS]: once(60, 12) },
      expect: [{ at: "20m" }, { at: "30m" }, { at: "44m" }],
    },
    {
      name: "an outage that NoActiveWorkers reported is silent when it is over",
      series: {
        [WORKERS]: once(60, 40),
        'ALERTS{alertname="NoActiveWorkers", alertstate="firing"}': "_x68 1x32 stale _x300",
      },
      expect: [{ at: "20m" }, { at: "26m" }, { at: "40m" }, { at: "60m" }],
    },
    {
      name: "it resolves half an hour after the last outage",
      series: { [WORKERS]: `${cycle("110000").split(" ").slice(0, 120).join(" ")} 1x360` },
      expect: [{ at: "30m", firing: [service] }, { at: "55m", firing: [service] }, { at: "63m" }, { at: "90m" }],
    },
  ],
};
