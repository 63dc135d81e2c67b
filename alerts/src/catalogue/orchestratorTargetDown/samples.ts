import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const up = (instance: string, job = "mcp-orchestrator") => `up{job="${job}", instance="${instance}"}`;
const a = { instance: "a:8000" };

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "pending from the first failed scrape, firing after 5m and not one evaluation earlier, then resolved",
      series: { [up("a:8000")]: gauge({ "0s": 1, "2m": 0, "15m": 1 }), [up("b:8000")]: gauge({ "0s": 1 }) },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [a] },
        { at: "6m45s", pending: [a] },
        { at: "7m", firing: [a] },
        { at: "16m45s", firing: [a] },
        { at: "17m" },
      ],
      annotated: {
        at: "7m",
        labels: a,
        annotations: {
          summary: "Replica a:8000 cannot be scraped",
          description:
            "Prometheus has had no answer from a:8000 for 5m: the replica is down or unreachable, and no alert can see it.",
          runbook_url: "http://localhost:8090/runbooks/OrchestratorTargetDown.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=13&var-instance=a%3A8000",
        },
      },
    },
    {
      name: "missed scrapes and a restart are silent",
      series: { [up("a:8000")]: gauge({ "0s": 1, "2m": 0, "2m15s": 1, "10m": 0, "12m": 1 }) },
      expect: [{ at: "2m", pending: [a] }, { at: "2m15s" }, { at: "12m" }, { at: "16m" }],
    },
    {
      name: "a replica that was taken away on purpose is not missed",
      series: { [up("a:8000")]: gauge({ "0s": 1, "2m": 0, "5m": "stale" }) },
      expect: [{ at: "4m45s", pending: [a] }, { at: "5m" }, { at: "8m" }],
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
