import type { Samples } from "../samples.ts";
import { counter } from "../scrapes.ts";

const answers = (cause: string, outcome: string, route = "submit", instance = "a:8000") =>
  `mcp_http_requests_total{route="${route}", outcome="${outcome}", cause="${cause}", instance="${instance}"}`;
const OK = answers("none", "ok");
const LIMITED = answers("rate_limit", "rejected");
const REDIS = answers("redis", "error");
const service = {};
/** One more every so many minutes from a minute on. */
const every = (minutes: number, from: number, count: number) =>
  counter(
    Object.fromEntries([
      ["0s", 0],
      ...Array.from({ length: count }, (_, index) => from + index * minutes).flatMap((minute) => [
        [`${minute}m`, 1],
        [`${minute}m15s`, 0],
      ]),
    ]),
    "90m",
  );

export const samples: Samples = {
  threshold: 0.5,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "accepted submissions, and none, are silent",
      series: { [OK]: counter({ "0s": 20, "20m": 0 }) },
      expect: [{ at: "10m" }, { at: "40m" }],
    },
    {
      name: "everything refused by Redis: pending at once, firing after 5m and not one evaluation earlier, then resolved",
      series: {
        [OK]: counter({ "0s": 20, "5m15s": 0, "15m15s": 20 }),
        [REDIS]: counter({ "0s": 0, "5m15s": 1000, "15m15s": 0 }),
      },
      expect: [
        { at: "5m" },
        { at: "5m15s", pending: [service] },
        { at: "10m", pending: [service] },
        { at: "10m15s", firing: [service] },
        { at: "19m", firing: [service] },
        { at: "21m15s", firing: [service] },
        { at: "22m15s" },
      ],
      annotated: {
        at: "10m45s",
        labels: service,
        annotations: {
          summary: "The service does not accept tasks: more than 50 % of the submissions fail",
          description:
            "100% of the submissions of the last 5m were answered with 429 or 5xx, above 50 % for 5m. Clients cannot hand " +
            "in work; what was accepted before is processed.",
          runbook_url: "http://localhost:8090/runbooks/SubmissionsFailing.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=16",
        },
      },
    },
    {
      name: "a rate limit that was left on at 0 refuses everything",
      series: { [OK]: counter({ "0s": 0 }), [LIMITED]: counter({ "0s": 0, "2m": 3 }) },
      expect: [
        { at: "2m30s", pending: [service] },
        { at: "10m", firing: [service] },
        { at: "40m", firing: [service] },
      ],
    },
    {
      name: "half of the submissions refused is not more than half",
      series: { [OK]: counter({ "0s": 10 }), [LIMITED]: counter({ "0s": 10 }) },
      expect: [{ at: "10m" }, { at: "40m" }],
    },
    {
      name: "requests that are wrong themselves do not count, nor do other routes",
      series: {
        [OK]: counter({ "0s": 1 }),
        [answers("invalid", "rejected")]: counter({ "0s": 50 }),
        [answers("redis", "error", "task")]: counter({ "0s": 50 }),
      },
      expect: [{ at: "10m" }, { at: "40m" }],
    },
    {
      name: "one submission every four minutes, and each is refused: a quarter of an hour decides",
      series: { [OK]: counter({ "0s": 0 }, "90m"), [REDIS]: every(4, 10, 20) },
      expect: [
        { at: "17m" },
        { at: "19m", pending: [service] },
        { at: "24m", firing: [service] },
        { at: "60m", firing: [service] },
      ],
    },
    {
      name: "a single refusal in an idle system is silent",
      series: { [OK]: counter({ "0s": 0 }, "90m"), [REDIS]: every(4, 10, 1) },
      expect: [{ at: "11m" }, { at: "20m" }],
    },
    {
      name: "batches and all replicas count together",
      series: {
        [answers("none", "ok", "submit", "a:8000")]: counter({ "0s": 4 }),
        [answers("overload", "error", "submit_batch", "b:8000")]: counter({ "0s": 0, "10m": 9 }),
      },
      expect: [{ at: "10m" }, { at: "20m", firing: [service] }],
    },
  ],
};
