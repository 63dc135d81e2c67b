import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const active = (type: string, instance = "a:8000") => `mcp_active_workers{type="${type}", instance="${instance}"}`;
const expected = (type: string, instance = "a:8000") => `mcp_expected_workers{type="${type}", instance="${instance}"}`;
const ml = { type: "ml" };

export const samples: Samples = {
  threshold: 0.75,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "three of four are the threshold and silent, of one replica or of two",
      series: {
        [active("ml")]: gauge({ "0s": 3 }),
        [expected("ml")]: gauge({ "0s": 4 }),
        [active("codegen", "a:8000")]: gauge({ "0s": 2 }),
        [active("codegen", "b:8000")]: gauge({ "0s": 2 }),
        [expected("codegen", "a:8000")]: gauge({ "0s": 2 }),
        [expected("codegen", "b:8000")]: gauge({ "0s": 2 }),
      },
      expect: timeline("15m silent, 30m silent"),
    },
    {
      name: "pending from the first evaluation below it, firing after 10m and not one evaluation earlier, then resolved",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 1, "20m": 2 }),
        [expected("ml")]: gauge({ "0s": 2 }),
        [active("codegen")]: gauge({ "0s": 2 }),
        [expected("codegen")]: gauge({ "0s": 2 }),
      },
      expect: timeline("1m45s silent, 2m pending, 11m45s pending, 12m firing, 20m45s firing, 21m silent", ml),
      annotated: {
        at: "12m",
        labels: ml,
        annotations: {
          summary: "Fewer than 75 % of the ml workers are consuming",
          description:
            "50% of the expected ml workers consume tasks, and have been below 75 % for 10m. Tasks of this type are " +
            "processed more slowly.",
          runbook_url: "http://localhost:8090/runbooks/WorkersMissing.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=22&var-type=ml",
        },
      },
    },
    {
      name: "a little fewer than three quarters are too few",
      series: {
        [active("ml")]: gauge({ "0s": 74 }),
        [expected("ml")]: gauge({ "0s": 100 }),
        [active("codegen")]: gauge({ "0s": 74 }),
        [expected("codegen")]: gauge({ "0s": 100 }),
      },
      expect: [{ at: "10m", firing: [ml, { type: "codegen" }] }],
    },
    {
      name: "the workers of all replicas count together",
      series: {
        [active("ml", "a:8000")]: gauge({ "0s": 1 }),
        [active("ml", "b:8000")]: gauge({ "0s": 1, "10m": 0 }),
        [expected("ml", "a:8000")]: gauge({ "0s": 1 }),
        [expected("ml", "b:8000")]: gauge({ "0s": 1 }),
      },
      expect: timeline("9m45s silent, 10m pending, 20m firing", ml),
    },
    {
      name: "a deploy of less than ten minutes is silent",
      series: { [active("ml")]: gauge({ "0s": 2, "2m": 1, "11m45s": 2 }), [expected("ml")]: gauge({ "0s": 2 }) },
      expect: timeline("11m30s pending, 11m45s silent, 15m silent", ml),
    },
    {
      name: "a type that is scaled to zero is silent",
      series: { [active("ml")]: gauge({ "0s": 0 }), [expected("ml")]: gauge({ "0s": 0 }) },
      expect: [{ at: "15m" }],
    },
    {
      name: "almost five minutes without a scrape do not restart what is under way",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 1, "6m": "stale", "10m45s": 1 }),
        [expected("ml")]: gauge({ "0s": 2, "6m": "stale", "10m45s": 2 }),
      },
      expect: timeline("10m30s pending, 11m45s pending, 12m firing", ml),
    },
    {
      name: "a longer time without one does",
      series: {
        [active("ml")]: gauge({ "0s": 2, "2m": 1, "6m": "stale", "11m15s": 1 }),
        [expected("ml")]: gauge({ "0s": 2, "6m": "stale", "11m15s": 2 }),
      },
      expect: timeline("11m silent, 12m pending, 21m pending, 21m15s firing", ml),
    },
  ],
};
