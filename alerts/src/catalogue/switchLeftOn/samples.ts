import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const on = (override: string, type = "", instance = "a:8000") =>
  `mcp_operator_override{override="${override}"${type === "" ? "" : `, type="${type}"`}, instance="${instance}"}`;
const limit = { override: "rate_limit" };
const paused = { override: "paused", type: "ml" };
const END = "150m";
const annotations = {
  summary: "The switch rate_limit was left on",
  description: "An operator changed rate_limit more than 1h ago, and it still differs from the configuration.",
  runbook_url: "http://localhost:8090/runbooks/SwitchLeftOn.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=17&var-type=",
};

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "switches that are off are silent",
      series: { [on("rate_limit")]: gauge({ "0s": 0 }, END), [on("paused", "ml")]: gauge({ "0s": 0 }, END) },
      expect: timeline("70m silent, 140m silent"),
    },
    {
      name: "pending as long as it is on, firing after 1h and not one evaluation earlier, then resolved",
      series: { [on("rate_limit")]: gauge({ "0s": 0, "2m": 1, "80m": 0 }, END) },
      expect: timeline("1m45s silent, 2m pending, 61m45s pending, 62m firing, 81m45s firing, 82m silent", limit),
      annotated: { at: "62m", labels: limit, annotations },
    },
    {
      name: "half an hour on, off, and on again is silent",
      series: { [on("rate_limit")]: gauge({ "0s": 1, "50m": 0, "51m": 1, "110m": 0 }, END) },
      expect: timeline("49m pending, 50m silent, 109m pending, 110m silent", limit),
    },
    {
      name: "a paused type is named, once, though not every replica knows it yet",
      series: {
        [on("paused", "ml", "a:8000")]: gauge({ "0s": 1 }, END),
        [on("paused", "ml", "b:8000")]: gauge({ "0s": 0 }, END),
        [on("paused", "codegen", "a:8000")]: gauge({ "0s": 0 }, END),
      },
      expect: [{ at: "60m", firing: [paused] }],
      annotated: {
        at: "60m",
        labels: paused,
        annotations: {
          summary: "The switch paused was left on for ml",
          description:
            "An operator changed paused of type ml more than 1h ago, and it still differs from the configuration.",
          runbook_url: "http://localhost:8090/runbooks/SwitchLeftOn.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=17&var-type=ml",
        },
      },
    },
    {
      name: "five minutes without a scrape do not restart the hour",
      series: { [on("rate_limit")]: gauge({ "0s": 1, "30m": "stale", "34m45s": 1 }, END) },
      expect: timeline("34m30s pending, 59m45s pending, 60m firing", limit),
    },
    {
      name: "a longer time without one does",
      series: { [on("rate_limit")]: gauge({ "0s": 1, "30m": "stale", "35m15s": 1 }, END) },
      expect: timeline("35m silent, 61m pending, 95m pending, 95m15s firing", limit),
    },
    {
      name: "a replica that knows the state of Redis and no longer reports the switch ends it",
      series: {
        [on("rate_limit")]: gauge({ "0s": 0, "2m": 1, "70m": "stale" }, END),
        mcp_redis_state_known: gauge({ "0s": 1 }, END),
      },
      expect: timeline("76m30s firing, 77m30s silent", limit),
    },
    {
      name: "it cannot begin to fire while that state is unknown, also of a switch that was on for half an hour",
      series: {
        [on("rate_limit")]: gauge({ "0s": 0, "2m": 1, "30m": "stale" }, END),
        mcp_redis_state_known: gauge({ "0s": 1, "30m": 0 }, END),
      },
      expect: timeline("34m30s pending, 35m silent, 75m silent", limit),
    },
    ...casesWhileUnknown({
      labels: limit,
      series: (instance) => on("rate_limit", "", instance),
      bad: [1, 1, 1],
      good: 0,
      forMinutes: 60,
      keepFiringForMinutes: 2,
      annotations,
    }),
  ],
};
