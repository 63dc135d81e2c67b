import type { Samples } from "../samples.ts";
import { gauge } from "../scrapes.ts";

const regular = { queue: "mcp:queue:codegen", type: "codegen", lane: "regular" };
const lag = (more = "") =>
  `mcp_consumer_group_lag{queue="mcp:queue:codegen", group="mcp_regular_codegen", type="codegen", lane="regular"${more}}`;
const expressLag =
  'mcp_consumer_group_lag{queue="mcp:queue:codegen:express", group="mcp_express_codegen", type="codegen", lane="express"}';

export const samples: Samples = {
  threshold: 100,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a lag that stands at the threshold is silent",
      series: { [lag()]: gauge({ "0s": 100 }) },
      expect: [{ at: "0s" }, { at: "15m" }, { at: "40m" }],
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: { [lag()]: gauge({ "0s": 3, "3m": 101, "20m": 100 }) },
      expect: [
        { at: "2m45s" },
        { at: "3m", pending: [regular] },
        { at: "12m45s", pending: [regular] },
        { at: "13m", firing: [regular] },
        { at: "21m45s", firing: [regular] },
        { at: "22m" },
      ],
      annotated: {
        at: "13m",
        labels: regular,
        annotations: {
          summary: "Consumers of mcp:queue:codegen are more than 100 messages behind",
          description:
            "The consumers of mcp:queue:codegen have 101 messages to finish and have been more than 100 messages " +
            "behind for 10m: codegen tasks wait longer than they should.",
          runbook_url: "http://localhost:8090/runbooks/HighConsumerLag.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=4&var-type=codegen&var-lane=regular",
        },
      },
    },
    {
      name: "a backlog that is worked off in time is silent",
      series: { [lag()]: gauge({ "0s": 0, "2m": 400, "11m45s": 90 }) },
      expect: [{ at: "11m30s", pending: [regular] }, { at: "11m45s" }, { at: "20m" }],
    },
    {
      name: "one bad queue among good ones is named alone",
      series: { [lag()]: gauge({ "0s": 150 }), [expressLag]: gauge({ "0s": 99 }) },
      expect: [{ at: "15m", firing: [regular] }],
    },
    {
      name: "replicas that report the same group are not added up, and the highest report counts",
      series: {
        [lag(', instance="a:8000"')]: gauge({ "0s": 60, "15m": 101 }),
        [lag(', instance="b:8000"')]: gauge({ "0s": 60, "15m": 99 }),
      },
      expect: [{ at: "14m45s" }, { at: "15m", pending: [regular] }, { at: "25m", firing: [regular] }],
    },
    {
      name: "missed scrapes do not restart what is under way",
      series: { [lag()]: gauge({ "0s": 0, "2m": 150, "6m": "stale", "6m30s": 150 }) },
      expect: [
        { at: "6m15s", pending: [regular] },
        { at: "11m45s", pending: [regular] },
        { at: "12m", firing: [regular] },
      ],
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [lag()]: gauge({ "0s": 150, "15m": "stale", "19m30s": 150, "25m": "stale" }) },
      expect: [
        { at: "17m", firing: [regular] },
        { at: "19m15s", firing: [regular] },
        { at: "31m30s", firing: [regular] },
        { at: "32m15s" },
      ],
    },
    {
      name: "a dip of a minute does not resolve it",
      series: { [lag()]: gauge({ "0s": 150, "15m": 10, "16m": 150 }) },
      expect: [
        { at: "15m45s", firing: [regular] },
        { at: "18m", firing: [regular] },
      ],
    },
    {
      name: "no series, no alert",
      series: { mcp_dlq_depth: gauge({ "0s": 600 }) },
      expect: [{ at: "15m" }],
    },
  ],
};
