import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const active = (type: string, instance = "a:8000") => `mcp_active_workers{type="${type}", instance="${instance}"}`;
const expected = (type: string, instance = "a:8000") => `mcp_expected_workers{type="${type}", instance="${instance}"}`;
const unserved = (type: string, instance = "a:8000") => `mcp_unserved_tasks{type="${type}", instance="${instance}"}`;
const depth = (type: string, lane: string, instance = "a:8000") =>
  `mcp_queue_depth{queue="mcp:queue:${type}", type="${type}", lane="${lane}", instance="${instance}"}`;
const ml = { type: "ml" };
const reasoning = { type: "reasoning" };

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "types with workers are silent",
      series: {
        [active("ml")]: gauge({ "0s": 2 }),
        [expected("ml")]: gauge({ "0s": 2 }),
        [active("codegen")]: gauge({ "0s": 1 }),
        [expected("codegen")]: gauge({ "0s": 2 }),
      },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "one dead type among healthy ones: pending at once, firing after 5m and not one evaluation earlier, then resolved",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 0, "15m": 1 }),
        [expected("ml")]: gauge({ "0s": 2 }),
        [active("codegen")]: gauge({ "0s": 2 }),
        [expected("codegen")]: gauge({ "0s": 2 }),
      },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 17m45s firing, 18m silent", ml),
      annotated: {
        at: "7m",
        labels: ml,
        annotations: {
          summary: "No worker of type ml is consuming",
          description:
            "For 5m no ml worker has consumed a task, while workers are expected or tasks wait. Other types may be " +
            "healthy.",
          runbook_url: "http://localhost:8090/runbooks/TypeWithoutWorkers.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=19&var-type=ml",
        },
      },
    },
    {
      name: "a type that is scaled to zero fires when tasks wait for it, and not before",
      series: {
        [active("ml")]: gauge({ "0s": 0 }),
        [expected("ml")]: gauge({ "0s": 0 }),
        [depth("ml", "regular")]: gauge({ "0s": 0, "10m": 1 }),
        [depth("ml", "express")]: gauge({ "0s": 0 }),
        [active("reasoning")]: gauge({ "0s": 0 }),
        [expected("reasoning")]: gauge({ "0s": 0 }),
        [depth("reasoning", "express")]: gauge({ "0s": 0, "10m": 1 }),
      },
      expect: timeline("9m45s silent, 10m pending, 14m45s pending, 15m firing", ml, reasoning),
    },
    {
      name: "workers of one replica are enough, and only all replicas together have none",
      series: {
        [active("ml", "a:8000")]: gauge({ "0s": 0 }),
        [active("ml", "b:8000")]: gauge({ "0s": 1, "10m": 0 }),
        [expected("ml", "a:8000")]: gauge({ "0s": 0 }),
        [expected("ml", "b:8000")]: gauge({ "0s": 1 }),
        [active("reasoning")]: gauge({ "0s": 1, "10m": 0 }),
        [expected("reasoning")]: gauge({ "0s": 1 }),
      },
      expect: timeline("9m45s silent, 10m pending, 15m firing", ml, reasoning),
    },
    {
      name: "tasks of a type that was taken out of the configuration wait for workers, once for all replicas",
      series: {
        [active("codegen")]: gauge({ "0s": 2 }),
        [expected("codegen")]: gauge({ "0s": 2 }),
        [unserved("ml", "a:8000")]: gauge({ "0s": "missing", "2m": 7 }),
        [unserved("ml", "b:8000")]: gauge({ "0s": "missing", "2m": 8 }),
        [unserved("reasoning")]: gauge({ "0s": "missing", "2m": 1 }),
      },
      expect: timeline("1m45s silent, 2m pending, 7m firing", ml, reasoning),
    },
    {
      name: "a replica that has workers knows better than one that sees none",
      series: {
        [active("ml", "a:8000")]: gauge({ "0s": 1 }),
        [expected("ml", "a:8000")]: gauge({ "0s": 1 }),
        [unserved("ml", "b:8000")]: gauge({ "0s": 3 }),
      },
      expect: timeline("1m silent, 10m silent"),
    },
    {
      name: "a restart of a minute is silent",
      series: { [active("ml")]: gauge({ "0s": 2, "2m": 0, "3m": 2 }), [expected("ml")]: gauge({ "0s": 2 }) },
      expect: timeline("2m45s pending, 3m silent, 8m silent", ml),
    },
    {
      name: "two minutes without a scrape do not restart what is under way",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 0, "4m": "stale", "6m15s": 0 }),
        [expected("ml")]: gauge({ "0s": 2, "4m": "stale", "6m15s": 2 }),
      },
      expect: timeline("6m pending, 6m45s pending, 7m firing", ml),
    },
    {
      name: "a longer time without one does",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 0, "4m": "stale", "6m45s": 0 }),
        [expected("ml")]: gauge({ "0s": 2, "4m": "stale", "6m45s": 2 }),
      },
      expect: timeline("6m30s silent, 7m pending, 11m30s pending, 11m45s firing", ml),
    },
  ],
};
