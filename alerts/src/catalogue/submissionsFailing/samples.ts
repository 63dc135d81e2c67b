import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events, gauge } from "../samples/scrapes.ts";

const answers = (cause: string, outcome: string, route = "submit", instance = "a:8000") =>
  `mcp_http_requests_total{route="${route}", outcome="${outcome}", cause="${cause}", instance="${instance}"}`;
const OK = answers("none", "ok");
const LIMITED = answers("rate_limit", "rejected");
const REDIS = answers("redis", "error");
const service = {};
const END = "90m";
/** So many more at each of these minutes. */
const at = (count: number, ...minutes: number[]) =>
  events(
    minutes.map((minute) => `${minute}m`),
    count,
    END,
  );
const everyFourMinutes = Array.from({ length: 18 }, (_, index) => 10 + 4 * index);
const annotationsOf = (share: string) => ({
  summary: "The service does not accept tasks: more than 50 % of the submissions fail",
  description:
    `${share} of the submissions of the last 5m were answered with 429 or 5xx, above 50 % for 5m. Clients cannot ` +
    "submit tasks; accepted tasks are processed.",
  runbook_url: "http://localhost:8090/runbooks/SubmissionsFailing.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=16",
});

/** What a replica has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 });
const before = gauge({ "0s": 5000 });

export const samples: Samples = {
  threshold: 0.5,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "accepted submissions, and none, are silent",
      series: { [OK]: counter({ "0s": 20, "20m": 0 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "everything refused by Redis: pending at once, firing after 5m and not one evaluation earlier, then resolved",
      series: {
        [OK]: counter({ "0s": 20, "5m15s": 0, "15m15s": 20 }),
        [REDIS]: counter({ "0s": 0, "5m15s": 1000, "15m15s": 0 }),
      },
      expect: timeline(
        "5m silent, 5m15s pending, 10m pending, 10m15s firing, 19m firing, 21m15s firing, 22m15s silent",
        service,
      ),
      annotated: { at: "10m45s", labels: service, annotations: annotationsOf("100%") },
    },
    {
      name: "a rate limit that was left on at 0 refuses everything",
      series: { [OK]: counter({ "0s": 0 }), [LIMITED]: counter({ "0s": 0, "2m": 3 }) },
      expect: timeline("2m30s pending, 10m firing, 40m firing", service),
    },
    {
      name: "half of the submissions refused is not more than half",
      series: { [OK]: counter({ "0s": 10 }), [LIMITED]: counter({ "0s": 10 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "a little more than half is, for whatever causes",
      series: { [OK]: counter({ "0s": 24 }), [LIMITED]: counter({ "0s": 13 }), [REDIS]: counter({ "0s": 13 }) },
      expect: [{ at: "10m", firing: [service] }],
    },
    {
      name: "batches and all replicas count together; requests that are wrong themselves do not count, nor do other routes",
      series: {
        [answers("none", "ok", "submit", "a:8000")]: counter({ "0s": 2 }),
        [answers("redis", "error", "submit", "a:8000")]: counter({ "0s": 3 }),
        [answers("none", "ok", "submit_batch", "b:8000")]: counter({ "0s": 1 }),
        [answers("overload", "error", "submit_batch", "b:8000")]: counter({ "0s": 2 }),
        [answers("invalid", "rejected", "submit", "b:8000")]: counter({ "0s": 50 }),
        [answers("none", "ok", "task", "b:8000")]: counter({ "0s": 50 }),
      },
      expect: [{ at: "10m", firing: [service] }],
      annotated: { at: "10m", labels: service, annotations: annotationsOf("62.5%") },
    },
    {
      name: "wrong requests and errors of other routes are silent",
      series: {
        [OK]: counter({ "0s": 1 }),
        [answers("invalid", "rejected")]: counter({ "0s": 50 }),
        [answers("redis", "error", "task")]: counter({ "0s": 50 }),
      },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "restarts of the service, which counts from 0 again, do not hide it",
      series: {
        [OK]: counter({ "0s": 40, "12m15s": 0, "19m": "reset", "19m15s": 0 }),
        [REDIS]: counter({ "0s": 0, "12m15s": 4, "19m": "reset", "19m15s": 4 }),
      },
      expect: timeline("16m silent, 17m pending, 22m firing", service),
    },
    {
      name: "three accepted submissions in five minutes say that it is over",
      series: {
        [OK]: counter({ "0s": 0, "15m45s": 3, "16m": 0, "20m15s": 3, "20m30s": 0 }),
        [REDIS]: counter({ "0s": 4, "15m15s": 0 }),
      },
      expect: timeline("21m30s firing, 23m silent, 31m silent", service),
    },
    {
      name: "two do not: a quarter of an hour decides",
      series: {
        [OK]: counter({ "0s": 0, "15m45s": 2, "16m": 0, "20m15s": 2, "20m30s": 0 }),
        [REDIS]: counter({ "0s": 4, "15m15s": 0 }),
      },
      expect: [{ at: "23m", firing: [service] }],
    },
    {
      name: "one submission every four minutes, and each is refused: pending with the third",
      series: {
        [OK]: counter({ "0s": 0 }, END),
        [REDIS]: at(1, ...everyFourMinutes.filter((_, index) => index % 2 === 0)),
        [LIMITED]: at(1, ...everyFourMinutes.filter((_, index) => index % 2 === 1)),
      },
      expect: timeline("17m45s silent, 18m pending, 23m firing, 60m firing", service),
    },
    {
      name: "rare submissions of all replicas and routes count together, and nothing else does",
      series: {
        [answers("redis", "error", "submit", "a:8000")]: at(1, 6, 12),
        [answers("overload", "error", "submit_batch", "b:8000")]: at(1, 9, 18),
        [answers("none", "ok", "submit", "a:8000")]: at(1, 15),
        [answers("none", "ok", "submit", "b:8000")]: at(1, 1),
        [answers("invalid", "rejected", "submit", "b:8000")]: counter({ "0s": 10 }, END),
        [answers("none", "ok", "task", "b:8000")]: counter({ "0s": 50 }, END),
      },
      expect: timeline("11m45s silent, 12m pending, 18m firing", service),
      annotated: { at: "18m", labels: service, annotations: annotationsOf("80%") },
    },
    {
      name: "what was accepted or refused more than a quarter of an hour ago does not count",
      series: { [OK]: at(4, 11), [REDIS]: at(1, 9, 17, 20, 24) },
      expect: timeline("24m silent, 25m30s silent, 26m pending, 30m pending", service),
    },
    {
      name: "refusals that are not three in a quarter of an hour are silent",
      series: { [OK]: counter({ "0s": 0 }, END), [REDIS]: at(1, 10, 14, 26, 34, 50) },
      expect: timeline("15m silent, 27m silent, 35m silent, 60m silent"),
    },
    {
      name: "in an idle system wrong requests and errors of other routes are silent",
      series: {
        [OK]: at(1, 10, 20),
        [answers("invalid", "rejected")]: counter({ "0s": 50 }, END),
        [answers("redis", "error", "task")]: counter({ "0s": 50 }, END),
      },
      expect: timeline("15m silent, 22m silent"),
    },
    {
      name: "a restart does not hide rare refusals",
      series: {
        [REDIS]: counter(
          {
            ...{ "0s": 0, "10m": 1, "10m15s": 0, "14m": 1, "14m15s": 0, "16m": "reset", "16m15s": 0 },
            ...{ "18m": 1, "18m15s": 0 },
          },
          END,
        ),
      },
      expect: [{ at: "18m", pending: [service] }],
    },
    {
      name: "a restart does not hide rare acceptances",
      series: {
        [OK]: counter({ "0s": 0, "10m": 4, "10m15s": 0, "16m": "reset", "16m15s": 0 }, END),
        [REDIS]: counter({ "0s": 0, "12m": 1, "12m15s": 0, "16m": "reset", "16m15s": 0, "18m": 2, "18m15s": 0 }, END),
      },
      expect: timeline("18m silent, 20m silent"),
    },
    {
      name: "a restart of one of two replicas looks like no event: each is rated before they are added up",
      series: {
        [answers("redis", "error", "submit", "a:8000")]: restarted,
        [answers("redis", "error", "submit", "b:8000")]: before,
        [OK]: counter({ "0s": 2 }),
      },
      expect: timeline("19m silent, 20m15s silent, 24m45s silent"),
    },
    {
      name: "the same with hardly any submissions",
      series: {
        [answers("redis", "error", "submit", "a:8000")]: restarted,
        [answers("redis", "error", "submit", "b:8000")]: before,
        [OK]: at(1, ...everyFourMinutes),
      },
      expect: timeline("19m silent, 20m15s silent, 34m silent"),
    },
    {
      name: "nor does it hide events, as if the others had counted from 0",
      series: {
        [REDIS]: counter({ "0s": 4 }),
        [answers("none", "ok", "submit", "a:8000")]: restarted,
        [answers("none", "ok", "submit", "b:8000")]: before,
      },
      expect: timeline("19m firing, 24m45s firing", service),
    },
  ],
};
