import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events, gauge } from "../samples/scrapes.ts";

const tasks = (cause: string, type = "ml", lane = "regular", instance = "a:8000") =>
  `mcp_tasks_submitted_total{type="${type}", lane="${lane}", cause="${cause}", instance="${instance}"}`;
const OK = tasks("none");
const REDIS = tasks("redis");
const OTHER = tasks("none", "codegen");
const OTHER_LANE = tasks("none", "ml", "express");
const regular = { type: "ml", lane: "regular" };
const codegen = ["express", "regular"].map((lane) => ({ type: "codegen", lane }));
const alert = (name: string, state: string) => `ALERTS{alertname="${name}", alertstate="${state}"}`;
const END = "60m";
/** Among all rules, NoActiveWorkers would fire without it. */
const WORKERS = 'mcp_active_workers{type="ml", instance="a:8000"}';
const served = { [WORKERS]: gauge({ "0s": 2 }, END) };
/** So many more at each of these minutes. */
const at = (count: number, ...minutes: number[]) =>
  events(
    minutes.map((minute) => `${minute}m`),
    count,
    END,
  );
const annotationsOf = (share: string) => ({
  summary: "More than 50 % of the ml tasks for the regular lane are not accepted",
  description:
    `${share} of the ml tasks that clients submitted for the regular lane in the last 10m were answered with 429 or 5xx, ` +
    "above 50 % for 5m. Other tasks may be accepted.",
  runbook_url: "http://localhost:8090/runbooks/TypeSubmissionsFailing.md",
  dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=31&var-type=ml&var-lane=regular",
});
/** What a replica has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 }, END);
const before = gauge({ "0s": 5000 }, END);

export const samples: Samples = {
  threshold: 0.5,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "accepted tasks, and none, are silent",
      series: { ...served, [OK]: counter({ "0s": 20, "20m": 0 }), [REDIS]: counter({ "0s": 0 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "a few refused tasks of a lane, and then nearly all: pending at once, firing after 5m and not one evaluation earlier, then resolved",
      series: {
        ...served,
        [OK]: counter({ "0s": 20, "15m15s": 0, "30m15s": 20 }),
        [REDIS]: counter({ "0s": 1, "15m15s": 10_000, "15m30s": 100, "30m15s": 0 }),
      },
      expect: timeline("15m silent, 15m15s pending, 20m pending, 20m15s firing, 36m30s firing, 37m15s silent", regular),
    },
    {
      name: "one lane among many tasks that are accepted fires once it has been refused for two windows of five minutes",
      series: {
        ...served,
        [OK]: counter({ "0s": 20, "15m15s": 0, "30m15s": 20 }),
        [REDIS]: counter({ "0s": 0, "15m15s": 100, "30m15s": 0 }),
        [OTHER]: counter({ "0s": 400 }),
        [OTHER_LANE]: counter({ "0s": 400 }),
      },
      expect: timeline(
        "19m45s silent, 20m15s pending, 24m45s pending, 25m15s firing, 36m firing, 37m15s silent",
        regular,
      ),
      annotated: { at: "30m", labels: regular, annotations: annotationsOf("100%") },
    },
    {
      name: "a rate limit that one type exceeds alone, in both of its lanes",
      series: {
        ...served,
        [tasks("rate_limit", "codegen")]: counter({ "0s": 3 }),
        [tasks("rate_limit", "codegen", "express")]: counter({ "0s": 3 }),
        [OK]: counter({ "0s": 40 }),
      },
      expect: [
        { at: "10m30s", firing: codegen },
        { at: "40m", firing: codegen },
      ],
    },
    {
      name: "half of the tasks refused is not more than half",
      series: { ...served, [OK]: counter({ "0s": 10 }), [REDIS]: counter({ "0s": 10 }) },
      expect: timeline("10m30s silent, 40m silent"),
    },
    {
      name: "a little more than half is; what is wrong with a task itself does not count",
      series: {
        ...served,
        [OK]: counter({ "0s": 24 }),
        [REDIS]: counter({ "0s": 26 }),
        [tasks("invalid")]: counter({ "0s": 50 }),
        [tasks("conflict")]: counter({ "0s": 50 }),
      },
      expect: timeline("10m30s firing, 40m firing", regular),
      annotated: { at: "40m", labels: regular, annotations: annotationsOf("52%") },
    },
    {
      name: "all causes and replicas of a lane count together",
      series: {
        ...served,
        [tasks("none", "ml", "regular", "a:8000")]: counter({ "0s": 5 }),
        [tasks("none", "ml", "regular", "b:8000")]: counter({ "0s": 2 }),
        [tasks("redis", "ml", "regular", "a:8000")]: counter({ "0s": 2 }),
        [tasks("overload", "ml", "regular", "b:8000")]: counter({ "0s": 2 }),
        [tasks("rate_limit", "ml", "regular", "a:8000")]: counter({ "0s": 2 }),
        [tasks("internal", "ml", "regular", "b:8000")]: counter({ "0s": 2 }),
      },
      expect: timeline("10m30s firing, 40m firing", regular),
    },
    {
      name: "what each replica accepts counts",
      series: {
        ...served,
        [REDIS]: counter({ "0s": 3 }),
        [OK]: counter({ "0s": 2 }),
        [tasks("none", "ml", "regular", "b:8000")]: counter({ "0s": 2 }),
      },
      expect: timeline("10m30s silent, 40m silent"),
    },
    {
      name: "tasks that are wrong themselves are silent",
      series: {
        ...served,
        [OK]: counter({ "0s": 1 }),
        [tasks("invalid")]: counter({ "0s": 50 }),
        [tasks("conflict")]: counter({ "0s": 50 }),
      },
      expect: timeline("10m30s silent, 40m silent"),
    },
    {
      name: "a client that exceeds a rate limit for less than five minutes, and has no more tasks, is silent",
      series: {
        ...served,
        [OK]: counter({ "0s": 0, "10m": 1, "14m45s": 0 }, END),
        [tasks("rate_limit")]: counter({ "0s": 0, "10m": 100, "14m45s": 0 }, END),
      },
      expect: timeline("14m30s silent, 15m15s pending, 18m45s pending, 19m30s silent, 25m silent", regular),
    },
    {
      name: "so is a batch that is refused once, or again after ten minutes",
      series: { ...served, [REDIS]: at(1000, 10, 20, 30) },
      expect: timeline("12m silent, 16m silent, 22m silent, 26m silent, 36m silent"),
    },
    {
      name: "one task every four minutes, and each is refused",
      series: { ...served, [REDIS]: at(1, 10, 14, 18, 22, 26, 30), [OTHER]: counter({ "0s": 400 }, END) },
      expect: timeline("14m30s silent, 15m30s pending, 19m30s pending, 20m30s firing, 34m firing", regular),
    },
    {
      name: "one of two tasks accepted, one every two minutes, does not fire: the next one ends it",
      series: { ...served, [REDIS]: at(1, 10, 14, 18, 22, 26, 30), [OK]: at(1, 8, 12, 16, 20, 24, 28, 32) },
      expect: timeline("16m silent, 19m pending, 21m silent, 31m pending, 33m silent", regular),
    },
    {
      name: "what was accepted more than ten minutes ago does not count",
      series: { ...served, [OK]: counter({ "0s": 40, "20m15s": 0 }, END), [REDIS]: counter({ "0s": 1 }, END) },
      expect: timeline("29m silent, 30m15s pending, 34m pending, 35m15s firing", regular),
    },
    {
      name: "restarts of the service, which counts from 0 again, do not hide it",
      series: {
        ...served,
        [OK]: counter({ "0s": 4, "15m15s": 0, "19m": "reset", "19m15s": 0 }),
        [REDIS]: counter({ "0s": 0, "15m15s": 20, "19m": "reset", "19m15s": 20, "23m": "reset", "23m15s": 20 }),
      },
      expect: timeline("19m45s silent, 20m30s pending, 25m30s firing", regular),
    },
    {
      name: "a restart of one of two replicas looks like no event: each is rated before they are added up",
      series: {
        ...served,
        [tasks("redis", "ml", "regular", "a:8000")]: restarted,
        [tasks("redis", "ml", "regular", "b:8000")]: before,
        [OK]: counter({ "0s": 2 }),
      },
      expect: timeline("20m15s silent, 25m15s silent, 30m30s silent"),
    },
    {
      name: "nor like many beside a few, or like more of a batch",
      series: {
        ...served,
        [OK]: counter({ "0s": 20 }, END),
        [REDIS]: counter({ "0s": 1 }, END),
        [tasks("redis", "codegen")]: at(1000, 18),
        ...Object.fromEntries(
          ["ml", "codegen"].flatMap((type) => [
            [tasks("redis", type, "regular", "b:8000"), restarted],
            [tasks("redis", type, "regular", "c:8000"), before],
          ]),
        ),
      },
      expect: timeline("20m15s silent, 22m silent, 24m15s silent, 26m silent"),
    },
    {
      name: "nor does it hide what is refused, as if the others had counted from 0",
      series: {
        ...served,
        [REDIS]: counter({ "0s": 4 }),
        [tasks("none", "ml", "regular", "a:8000")]: restarted,
        [tasks("none", "ml", "regular", "b:8000")]: before,
      },
      expect: timeline("19m firing, 20m15s firing, 29m45s firing", regular),
    },
    {
      name: "two minutes without a scrape do not restart what is under way, nor end it",
      series: {
        ...served,
        [OTHER]: counter({ "0s": 40 }),
        [REDIS]: counter({ "0s": 0, "15m15s": 20, "21m": "stale", "23m15s": 20, "27m": "stale", "29m15s": 20 }),
      },
      expect: timeline("20m30s pending, 23m pending, 25m30s firing, 29m firing, 32m firing", regular),
    },
    ...["SubmissionsFailing", "NoActiveWorkers"].map((name) => ({
      name: `while ${name} fires, it says so; what it leaves behind is notified later`,
      series: {
        ...served,
        [REDIS]: counter({ "0s": 0, "10m15s": 20 }, END),
        [alert(name, "pending")]: gauge({ "0s": "missing", "12m15s": 1, "17m15s": "stale" }, END),
        [alert(name, "firing")]: gauge({ "0s": "missing", "17m15s": 1, "30m15s": "stale" }, END),
      },
      expect: timeline(
        "17m pending, 17m30s silent, 30m silent, 34m45s silent, 35m30s pending, 39m45s pending, 40m45s firing",
        regular,
      ),
    })),
  ],
};
