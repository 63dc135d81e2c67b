import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";
import { casesWhileUnknown } from "../samples/unknownState.ts";

const regular = { queue: "mcp:queue:codegen", type: "codegen", lane: "regular" };
const express = { queue: "mcp:queue:codegen:express", type: "codegen", lane: "express" };
const lag = (more = "") =>
  `mcp_consumer_group_lag{queue="mcp:queue:codegen", group="mcp_regular_codegen", type="codegen", lane="regular"${more}}`;
const expressLag =
  'mcp_consumer_group_lag{queue="mcp:queue:codegen:express", group="mcp_express_codegen", type="codegen", lane="express"}';

/** The expected notification, by value. */
const annotationsOf = (value: string) => ({
  summary: "Consumers of mcp:queue:codegen are more than 100 messages behind",
  description:
    `The consumers of mcp:queue:codegen have ${value} messages to finish and have been more than 100 messages behind ` +
    "for 10m. Clients wait longer for codegen tasks.",
  runbook_url: "http://localhost:8090/runbooks/HighConsumerLag.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=4&var-type=codegen&var-lane=regular",
});

export const samples: Samples = {
  threshold: 100,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a lag that stands at the threshold is silent",
      series: { [lag()]: gauge({ "0s": 100 }) },
      expect: timeline("0s silent, 15m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation above it, firing after 10m and not one evaluation earlier, then resolved",
      series: { [lag()]: gauge({ "0s": 3, "3m": 101, "20m": 100 }) },
      expect: timeline("2m45s silent, 3m pending, 12m45s pending, 13m firing, 21m45s firing, 22m silent", regular),
      annotated: {
        at: "13m",
        labels: regular,
        annotations: annotationsOf("101"),
      },
    },
    {
      name: "a backlog that is worked off in time is silent",
      series: { [lag()]: gauge({ "0s": 0, "2m": 400, "11m45s": 90 }) },
      expect: timeline("11m30s pending, 11m45s silent, 20m silent", regular),
    },
    {
      name: "one bad queue among good ones is named alone, and a second one beside it",
      series: { [lag()]: gauge({ "0s": 150 }), [expressLag]: gauge({ "0s": 99, "16m": 101 }) },
      expect: [
        { at: "15m", firing: [regular] },
        { at: "27m", firing: [regular, express] },
      ],
    },
    {
      name: "replicas that report the same group are not added up, and the highest report counts",
      series: {
        [lag(', instance="a:8000"')]: gauge({ "0s": 60, "15m": 101 }),
        [lag(', instance="b:8000"')]: gauge({ "0s": 60, "15m": 99 }),
      },
      expect: timeline("14m45s silent, 15m pending, 25m firing", regular),
    },
    {
      name: "missed scrapes do not restart what is under way",
      series: { [lag()]: gauge({ "0s": 0, "2m": 150, "6m": "stale", "6m30s": 150 }) },
      expect: timeline("6m15s pending, 11m45s pending, 12m firing", regular),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: { [lag()]: gauge({ "0s": 150, "15m": "stale", "19m30s": 150, "25m": "stale" }) },
      expect: timeline("17m firing, 19m15s firing, 31m30s firing, 32m15s silent", regular),
    },
    {
      name: "a dip of a minute does not resolve it",
      series: { [lag()]: gauge({ "0s": 150, "15m": 10, "16m": 150 }) },
      expect: timeline("15m45s firing, 18m firing", regular),
    },
    {
      name: "no series, no alert",
      series: { mcp_dlq_depth: gauge({ "0s": 600 }) },
      expect: [{ at: "15m" }],
    },
    ...casesWhileUnknown({
      labels: regular,
      series: (instance) => lag(`, instance="${instance}"`),
      bad: [150, 900, 300],
      good: 3,
      forMinutes: 10,
      keepFiringForMinutes: 2,
      annotations: annotationsOf("300"),
    }),
  ],
};
