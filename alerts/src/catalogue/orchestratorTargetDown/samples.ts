import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const up = (instance: string, job = "mcp-orchestrator") => `up{job="${job}", instance="${instance}"}`;
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
            "Prometheus has had no answer from a:8000 for 5m. The replica is down or unreachable; if it runs, it is " +
            "not monitored.",
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
  ],
};
