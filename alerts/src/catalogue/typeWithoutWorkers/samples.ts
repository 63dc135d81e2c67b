import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const active = (type: string, instance = "a:8000") => `mcp_active_workers{type="${type}", instance="${instance}"}`;
const expected = (type: string, instance = "a:8000") => `mcp_expected_workers{type="${type}", instance="${instance}"}`;
const depth = (type: string, lane: string, instance = "a:8000") =>
  `mcp_queue_depth{queue="mcp:queue:${type}", type="${type}", lane="${lane}", instance="${instance}"}`;
const ml = { type: "ml" };

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
      expect: [{ at: "10m" }, { at: "40m" }],
    },
    {
      name: "one dead type among healthy ones: pending at once, firing after 5m and not one evaluation earlier, then resolved",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 0, "15m": 1 }),
        [expected("ml")]: gauge({ "0s": 2 }),
        [active("codegen")]: gauge({ "0s": 2 }),
        [expected("codegen")]: gauge({ "0s": 2 }),
      },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [ml] },
        { at: "6m45s", pending: [ml] },
        { at: "7m", firing: [ml] },
        { at: "17m45s", firing: [ml] },
        { at: "18m" },
      ],
      annotated: {
        at: "7m",
        labels: ml,
        annotations: {
          summary: "No worker of type ml is consuming",
          description:
            "For 5m no ml worker has consumed a task, while workers are expected or tasks wait. Other types may be " +
            "healthy.",
          runbook_url: "http://localhost:8090/runbooks/TypeWithoutWorkers.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=8&var-type=ml",
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
      },
      expect: [
        { at: "9m45s" },
        { at: "10m", pending: [ml] },
        { at: "14m45s", pending: [ml] },
        { at: "15m", firing: [ml] },
      ],
    },
    {
      name: "workers of one replica are enough, and only all replicas together have none",
      series: {
        [active("ml", "a:8000")]: gauge({ "0s": 0 }),
        [active("ml", "b:8000")]: gauge({ "0s": 1, "10m": 0 }),
        [expected("ml", "a:8000")]: gauge({ "0s": 0 }),
        [expected("ml", "b:8000")]: gauge({ "0s": 1 }),
      },
      expect: [{ at: "9m45s" }, { at: "10m", pending: [ml] }, { at: "15m", firing: [ml] }],
    },
    {
      name: "a restart of a minute is silent",
      series: { [active("ml")]: gauge({ "0s": 2, "2m": 0, "3m": 2 }), [expected("ml")]: gauge({ "0s": 2 }) },
      expect: [{ at: "2m45s", pending: [ml] }, { at: "3m" }, { at: "8m" }],
    },
    {
      name: "a missed scrape does not restart what is under way",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 0, "4m": "stale", "4m15s": 0 }),
        [expected("ml")]: gauge({ "0s": 2, "4m": "stale", "4m15s": 2 }),
      },
      expect: [
        { at: "4m", pending: [ml] },
        { at: "6m45s", pending: [ml] },
        { at: "7m", firing: [ml] },
      ],
    },
    {
      name: "tasks that wait keep it firing where the depth is missed for a scrape",
      series: {
        [active("ml")]: gauge({ "0s": 0 }),
        [expected("ml")]: gauge({ "0s": 0 }),
        [depth("ml", "regular")]: gauge({ "0s": 3, "3m": "stale", "3m30s": 3 }),
      },
      expect: [
        { at: "3m15s", pending: [ml] },
        { at: "5m", firing: [ml] },
      ],
    },
  ],
};
