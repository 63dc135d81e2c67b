import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const up = (instance: string) => `up{job="mcp-orchestrator", instance="${instance}"}`;
const service = {};

export const samples: Samples = {
  threshold: 2,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "as many as expected, and more, are silent",
      series: { [up("a:8000")]: gauge({ "0s": 1 }), [up("b:8000")]: gauge({ "0s": 1 }) },
      expect: timeline("10m silent, 30m silent"),
    },
    {
      name: "one that discovery no longer lists: pending at once, firing after 5m and not one evaluation earlier, then resolved",
      series: { [up("a:8000")]: gauge({ "0s": 1 }), [up("b:8000")]: gauge({ "0s": 1, "2m": "stale", "15m": 1 }) },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 15m45s firing, 16m silent", service),
      annotated: {
        at: "7m",
        labels: service,
        annotations: {
          summary: "Fewer replicas of the service answer than expected (2)",
          description:
            "1 of 2 expected replicas have answered Prometheus for 5m. The others are down, or service discovery no " +
            "longer lists them.",
          runbook_url: "http://localhost:8090/runbooks/ReplicasMissing.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=25",
        },
      },
    },
    {
      name: "one that does not answer is missing too",
      series: { [up("a:8000")]: gauge({ "0s": 1 }), [up("b:8000")]: gauge({ "0s": 0 }) },
      expect: [{ at: "5m", firing: [service] }],
    },
    {
      name: "targets of another job do not count",
      series: { [up("a:8000")]: gauge({ "0s": 1 }), 'up{job="another", instance="b:8000"}': gauge({ "0s": 1 }) },
      expect: [{ at: "5m", firing: [service] }],
    },
    {
      name: "a restart is silent",
      series: { [up("a:8000")]: gauge({ "0s": 1 }), [up("b:8000")]: gauge({ "0s": 1, "2m": 0, "6m45s": 1 }) },
      expect: timeline("6m30s pending, 6m45s silent, 10m silent", service),
    },
    {
      name: "two minutes in which Prometheus scrapes nothing do not restart what is under way",
      series: {
        [up("a:8000")]: gauge({ "0s": 1, "4m": "stale", "6m15s": 1 }),
        [up("b:8000")]: gauge({ "0s": 1, "2m": "stale" }),
      },
      expect: timeline("6m pending, 6m45s pending, 7m firing", service),
    },
    {
      name: "a longer time does",
      series: {
        [up("a:8000")]: gauge({ "0s": 1, "4m": "stale", "6m45s": 1 }),
        [up("b:8000")]: gauge({ "0s": 1, "2m": "stale" }),
      },
      expect: timeline("6m30s silent, 11m30s pending, 11m45s firing", service),
    },
  ],
};
