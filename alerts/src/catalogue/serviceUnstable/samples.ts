import { type Samples, timeline } from "../samples/samples.ts";

const WORKERS = 'mcp_active_workers{type="ml", instance="a:8000"}';
const noActiveWorkers = (state: string) => `ALERTS{alertname="NoActiveWorkers", alertstate="${state}"}`;
const service = {};
/** A cycle of scrapes, over and over for two hours: the number of workers, or `_` where it is not scraped. */
const cycle = (scrapes: string, count = 480) =>
  Array.from({ length: count }, (_, index) => scrapes[index % scrapes.length]).join(" ");

export const samples: Samples = {
  threshold: 0.2,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a service that works is silent, whatever its types",
      series: { 'mcp_active_workers{type="codegen", instance="a:8000"}': "1x480" },
      expect: timeline("10m silent, 60m silent"),
    },
    {
      name: "down for 60 s of every 90: pending after six minutes of it, firing 5m later and not one evaluation earlier",
      series: { [WORKERS]: cycle("220000"), [noActiveWorkers("pending")]: "1x480" },
      // Four of six scrapes are bad: the 25th bad one is at 9m30s.
      expect: timeline("9m15s silent, 9m30s pending, 14m15s pending, 14m30s firing, 60m firing", service),
      annotated: {
        at: "60m",
        labels: service,
        annotations: {
          summary: "The service is unstable: it was down for more than 20 % of the last 30m",
          description:
            "In 66.67% of the last 30m no worker was consuming or the service did not answer. Each outage was too short " +
            "for NoActiveWorkers.",
          runbook_url: "http://localhost:8090/runbooks/ServiceUnstable.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=21",
        },
      },
    },
    {
      name: "without workers for 105 s and with them for 15, hour after hour",
      series: { [WORKERS]: cycle("10000000") },
      expect: timeline("15m firing, 60m firing", service),
    },
    {
      name: "a third of the time it cannot be scraped",
      series: { [WORKERS]: Array.from({ length: 80 }, () => "1 1 1 1 stale _").join(" ") },
      expect: timeline("30m firing, 40m firing", service),
    },
    {
      name: "a deploy every three minutes, with half a minute down, is silent",
      series: { [WORKERS]: cycle("111111111100") },
      expect: timeline("30m silent, 45m silent"),
    },
    {
      name: "one scrape of five is the threshold and silent",
      series: { [WORKERS]: cycle("11110") },
      expect: timeline("30m silent, 45m silent"),
    },
    {
      name: "one more than that fires",
      series: { [WORKERS]: cycle(`${"1".repeat(19)}00000`) },
      expect: [{ at: "60m", firing: [service] }],
    },
    {
      name: "an outage that NoActiveWorkers reported is silent as long as it is in the window",
      series: {
        // Ten minutes without workers; from the thirtieth minute on it flaps.
        [WORKERS]: `1x59 0x39 1x19 ${cycle("110000", 360)}`,
        [noActiveWorkers("firing")]: "_x68 1x43 stale",
      },
      expect: timeline("26m silent, 40m silent, 57m30s silent, 58m pending, 62m30s pending, 63m firing", service),
    },
    {
      name: "it resolves when the outages are fewer than that in half an hour, and not one evaluation later",
      series: { [WORKERS]: `${cycle("110000", 120)} 1x360` },
      expect: timeline("30m firing, 52m30s firing, 53m silent", service),
    },
  ],
};
