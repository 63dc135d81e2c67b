import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const up = (instance: string, job = "mcp-orchestrator") => `up{job="${job}", instance="${instance}"}`;
/** Scrapes, over and over: whether it answers. */
const cycle = (scrapes: string, count: number) =>
  Array.from({ length: count }, (_, index) => scrapes[index % scrapes.length]).join(" ");
const a = { instance: "a:8000" };

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "pending from the first failed scrape, firing after 5m and not one evaluation earlier, then resolved",
      series: { [up("a:8000")]: gauge({ "0s": 1, "2m": 0, "15m": 1 }), [up("b:8000")]: gauge({ "0s": 1 }) },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m45s firing, 17m silent", a),
      annotated: {
        at: "7m",
        labels: a,
        annotations: {
          summary: "Replica a:8000 cannot be scraped",
          description:
            "Prometheus has had no answer from a:8000 for 5m, or hardly any in the last 30m. The replica is down, " +
            "unreachable or in a crash loop; if it runs, it is not monitored.",
          runbook_url: "http://localhost:8090/runbooks/OrchestratorTargetDown.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=13&var-instance=a%3A8000",
        },
      },
    },
    {
      name: "missed scrapes and a restart are silent",
      series: { [up("a:8000")]: gauge({ "0s": 1, "2m": 0, "2m15s": 1, "10m": 0, "12m": 1 }) },
      expect: timeline("2m pending, 2m15s silent, 12m silent, 16m silent", a),
    },
    {
      name: "a replica that was taken away on purpose is not missed",
      series: { [up("a:8000")]: gauge({ "0s": 1, "2m": 0, "5m": "stale" }) },
      expect: timeline("4m45s pending, 5m silent, 8m silent", a),
    },
    {
      name: "a down target of another job is none of its business",
      series: { [up("c:9", "other")]: gauge({ "0s": 0 }) },
      expect: [{ at: "10m" }],
    },
    {
      name: "a replica that one of two scrapers cannot reach is worth knowing",
      series: {
        'up{job="mcp-orchestrator", instance="a:8000", scraper="one"}': gauge({ "0s": 1 }),
        'up{job="mcp-orchestrator", instance="a:8000", scraper="two"}': gauge({ "0s": 0 }),
      },
      expect: [{ at: "5m", firing: [a] }],
    },
    {
      name: "a crash loop that answers one scrape in five minutes, until it is taken away",
      series: {
        [up("a:8000")]: `1x159 0x16 ${cycle(`1${"0".repeat(19)}`, 103)} stale`,
        [up("b:8000")]: gauge({ "0s": 1 }, "80m"),
      },
      expect: timeline(
        "44m pending, 44m15s silent, 59m15s silent, 64m15s pending, 64m30s firing, 71m30s firing, 72m silent",
        a,
      ),
    },
    {
      name: "one that answers a quarter of the scrapes is silent, and one that answers fewer is not",
      series: {
        [up("a:8000")]: cycle("1000", 400),
        [up("b:8000")]: cycle(`0000${"1000".repeat(29)}`, 400),
      },
      expect: [
        { at: "60m", firing: [{ instance: "b:8000" }] },
        { at: "90m", firing: [{ instance: "b:8000" }] },
      ],
    },
    {
      name: "two restarts make a loop",
      series: { [up("a:8000")]: `1x3 0x18 1 0x18 1 ${cycle("0", 40)}` },
      expect: timeline("5m30s pending, 5m45s silent, 10m30s pending, 10m45s pending, 11m firing", a),
    },
    {
      name: "fewer do not, of a replica that did not answer before",
      series: { [up("a:8000")]: `0x18 1 0x18 1 ${cycle("0", 40)}` },
      expect: timeline("4m30s pending, 4m45s silent, 9m45s silent, 10m pending, 14m45s pending, 15m firing", a),
    },
    {
      name: "restarts of half an hour ago are no loop",
      series: { [up("a:8000")]: gauge({ "0s": 1, "10m": 0, "14m45s": 1, "15m": 0, "38m": 1 }, "60m") },
      expect: timeline("20m firing, 38m firing, 41m firing, 42m silent", a),
    },
  ],
};
