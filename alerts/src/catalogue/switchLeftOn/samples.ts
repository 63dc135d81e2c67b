import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const on = (override: string, type = "", instance = "a:8000") =>
  `mcp_operator_override{override="${override}"${type === "" ? "" : `, type="${type}"`}, instance="${instance}"}`;
const limit = { override: "rate_limit" };
const paused = { override: "paused", type: "ml" };
const END = "150m";

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "switches that are off are silent",
      series: { [on("rate_limit")]: gauge({ "0s": 0 }, END), [on("paused", "ml")]: gauge({ "0s": 0 }, END) },
      expect: [{ at: "70m" }, { at: "140m" }],
    },
    {
      name: "pending as long as it is on, firing after 1h and not one evaluation earlier, then resolved",
      series: { [on("rate_limit")]: gauge({ "0s": 0, "2m": 1, "80m": 0 }, END) },
      expect: [
        { at: "1m45s" },
        { at: "2m", pending: [limit] },
        { at: "61m45s", pending: [limit] },
        { at: "62m", firing: [limit] },
        { at: "81m45s", firing: [limit] },
        { at: "82m" },
      ],
      annotated: {
        at: "62m",
        labels: limit,
        annotations: {
          summary: "The switch rate_limit was left on",
          description: "An operator changed rate_limit more than 1h ago, and it still differs from the configuration.",
          runbook_url: "http://localhost:8090/runbooks/SwitchLeftOn.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=17&var-type=",
        },
      },
    },
    {
      name: "half an hour on, off, and on again is silent",
      series: { [on("rate_limit")]: gauge({ "0s": 1, "50m": 0, "51m": 1, "110m": 0 }, END) },
      expect: [{ at: "49m", pending: [limit] }, { at: "50m" }, { at: "109m", pending: [limit] }, { at: "110m" }],
    },
    {
      name: "a paused type is named, once, whatever the number of replicas",
      series: {
        [on("paused", "ml", "a:8000")]: gauge({ "0s": 1 }, END),
        [on("paused", "ml", "b:8000")]: gauge({ "0s": 1 }, END),
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
      name: "missed scrapes do not restart the hour",
      series: { [on("rate_limit")]: gauge({ "0s": 1, "30m": "stale", "32m": 1 }, END) },
      expect: [
        { at: "31m", pending: [limit] },
        { at: "59m45s", pending: [limit] },
        { at: "60m", firing: [limit] },
      ],
    },
  ],
};
