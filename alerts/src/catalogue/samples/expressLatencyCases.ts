import { type Bound, everyFourMinutes, finishedTasks } from "./finishedTasks.ts";
import { type Case, type Labels, timeline } from "./samples.ts";
import { gauge } from "./scrapes.ts";

/** The hand-written part of the samples of an alert on the latency of express tasks. */
type Slowness = {
  /** Two bounds of buckets, in seconds: the threshold, and the next one above it. */
  readonly at: Bound;
  readonly slow: Bound;
  /** Ages of the oldest task in seconds, from the threshold on: equal, just above, well above and just under it. */
  readonly ages: { readonly at: number; readonly over: number; readonly wellOver: number; readonly under: number };
  readonly keepFiringForMinutes: 2 | 3;
  /** The expected notification while all tasks are slow. */
  readonly annotations: Labels;
};

const reasoning = { type: "reasoning" };
const ml = { type: "ml" };
const EXPRESS = 'type="reasoning", lane="express"';
const age = (labels = 'queue="mcp:queue:reasoning:express", type="reasoning", lane="express"') =>
  `mcp_oldest_task_age_seconds{${labels}}`;

/** The cases of both alerts on the latency of express tasks. */
export function casesWhileSlow({ at, slow, ages, keepFiringForMinutes: keep, annotations }: Slowness): Case[] {
  return [
    {
      name: "a 95th percentile that is the threshold is silent",
      series: { ...finishedTasks(EXPRESS, { [at]: 19, [slow]: 1 }), [age()]: gauge({ "0s": 0 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "the slowest tasks under the threshold are silent, a few more slow ones fire",
      series: {
        ...finishedTasks(EXPRESS, { [at]: 20 }),
        ...finishedTasks('type="ml", lane="express"', { [at]: 949, [slow]: 51 }),
      },
      expect: [{ at: "15m", firing: [ml] }],
    },
    {
      name: "pending from the first evaluation above it, firing after 5m and not one evaluation earlier, then resolved",
      series: { ...finishedTasks(EXPRESS, { [slow]: 4 }, { "0s": 0, "2m": 1, "12m": 0 }), [age()]: gauge({ "0s": 0 }) },
      expect: timeline(
        `1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m firing, ${16 + keep}m15s firing, ${17 + keep}m15s silent`,
        reasoning,
      ),
      annotated: { at: "10m", labels: reasoning, annotations },
    },
    {
      name: "no traffic gives no number and stays silent",
      series: { ...finishedTasks(EXPRESS, { [slow]: 4 }, { "0s": 0 }), [age()]: gauge({ "0s": 0 }) },
      expect: timeline("0s silent, 10m silent, 30m silent"),
    },
    {
      name: "one slow task in an idle system is silent, also when telemetry is lost after it",
      series: {
        ...finishedTasks(EXPRESS, { "1": 1 }, { "0s": 0, "2m": 1, "2m15s": 0 }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: timeline("2m silent, 7m15s silent, 12m silent"),
    },
    {
      name: "one task that is old before it is recovered, and slow then, is silent in an idle system",
      series: {
        ...finishedTasks(EXPRESS, { "0.75": 1 }, { "0s": 0, "3m30s": 1, "3m45s": 0 }),
        ...finishedTasks('type="reasoning", lane="regular"', { "0.075": 4 }),
        [age()]: gauge({ "0s": 0, "2m": 1, "2m30s": 30, "3m": 60, "3m15s": 90, "3m30s": 0 }),
      },
      expect: timeline("3m15s pending, 3m30s silent, 7m silent, 8m15s silent", reasoning),
    },
    {
      name: "two slow tasks in each window are enough, also of two replicas",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { "1": 1 }, { "0s": 0, ...everyFourMinutes(2) }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "1": 1 }, { "0s": 0, ...everyFourMinutes(4) }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: timeline("3m45s silent, 4m pending, 8m45s pending, 9m firing", reasoning),
    },
    {
      name: "slow tasks are forgotten with their window, also while fast ones go on",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { [slow]: 4 }, { "0s": 1, "12m": 0 }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "0.075": 4 }),
      },
      expect: timeline(`16m firing, ${17 + keep}m15s silent`, reasoning),
    },
    {
      name: "a restart in the middle does not restart what is under way",
      series: {
        ...finishedTasks(EXPRESS, { [slow]: 4 }, { "0s": 0, "2m": 1, "5m": "reset", "5m15s": 1 }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: timeline("6m45s pending, 7m firing", reasoning),
    },
    {
      name: "tasks that never finish are seen by their age",
      series: {
        ...finishedTasks(EXPRESS, { "0.075": 4 }, { "0s": 1, "5m": 0 }),
        [age()]: gauge({ "0s": 0, "5m": 30, "6m": 90, "20m": 0 }),
      },
      expect: timeline(
        `9m15s silent, 10m pending, 14m15s pending, 15m firing, ${19 + keep}m45s firing, ${20 + keep}m silent`,
        reasoning,
      ),
    },
    {
      name: "an age at the threshold is silent, an age above it fires where nothing ever finished",
      series: {
        [age()]: gauge({ "0s": ages.at }),
        [age('queue="mcp:queue:ml:express", type="ml", lane="express"')]: gauge({ "0s": ages.over }),
      },
      expect: timeline("4m45s pending, 5m firing", ml),
    },
    {
      name: "while tasks finish fast, one that waits longer is not the 95th percentile",
      series: { ...finishedTasks(EXPRESS, { "0.075": 40 }), [age()]: gauge({ "0s": 60 }) },
      expect: [{ at: "10m" }],
    },
    {
      name: "the regular lane may be slow, and its oldest task old",
      series: {
        ...finishedTasks('type="reasoning", lane="regular"', { "1": 40 }),
        ...finishedTasks(EXPRESS, { "0.075": 4 }, { "0s": 1, "10m": 0 }),
        [age()]: gauge({ "0s": 0 }),
        [age('queue="mcp:queue:reasoning", type="reasoning", lane="regular"')]: gauge({ "0s": 600 }),
      },
      expect: timeline("9m silent, 25m silent"),
    },
    {
      name: "one slow type among fast ones is named alone",
      series: {
        ...finishedTasks(EXPRESS, { [slow]: 2 }),
        ...finishedTasks('type="ml", lane="express"', { "0.075": 400 }),
        ...finishedTasks('type="codegen", lane="express"', { "0.075": 400 }),
      },
      expect: [{ at: "10m", firing: [reasoning] }],
    },
    {
      name: "replicas are added up before the percentile is taken",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { "1": 1 }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "0.075": 99 }),
      },
      expect: [{ at: "15m" }],
    },
    {
      name: "slow tasks of one replica count among the fast ones of another",
      series: {
        ...finishedTasks(`${EXPRESS}, instance="a:8000"`, { "1": 10 }),
        ...finishedTasks(`${EXPRESS}, instance="b:8000"`, { "0.075": 100 }),
      },
      expect: [{ at: "15m", firing: [reasoning] }],
    },
    {
      name: "the oldest age of the replicas counts, is not added up, and makes one alert",
      series: {
        [age('type="reasoning", lane="express", instance="a:8000"')]: gauge({ "0s": ages.wellOver }),
        [age('type="reasoning", lane="express", instance="b:8000"')]: gauge({ "0s": 0 }),
        [age('type="ml", lane="express", instance="a:8000"')]: gauge({ "0s": ages.under }),
        [age('type="ml", lane="express", instance="b:8000"')]: gauge({ "0s": ages.under }),
      },
      expect: [{ at: "5m", firing: [reasoning] }],
    },
    {
      name: "a counter that starts again at 0 is silent",
      series: {
        ...finishedTasks(EXPRESS, { "1": 40 }, { "0s": 1, "15s": 0, "8m": "reset", "8m15s": 0 }),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: timeline("8m silent, 9m silent, 14m silent"),
    },
    {
      name: "a restart of one of two replicas is not taken for the tasks that the other has counted",
      series: {
        ...finishedTasks(
          'type="ml", lane="express", instance="a:8000"',
          { "0.075": 40 },
          { "0s": 1, "20m": "reset", "20m15s": 1 },
        ),
        ...finishedTasks('type="ml", lane="express", instance="b:8000"', { "1": 1 }),
        ...finishedTasks(
          `${EXPRESS}, instance="a:8000"`,
          { "0.075": 4 },
          { "0s": 1, "10m": 0, "20m": "reset", "20m15s": 0 },
        ),
        ...finishedTasks(
          `${EXPRESS}, instance="b:8000"`,
          { "1": 1 },
          { "0s": 0, "6m": 1, "6m45s": 0, "20m15s": 1, "20m30s": 0 },
        ),
        [age()]: gauge({ "0s": 0 }),
      },
      expect: timeline("19m silent, 21m silent, 23m silent, 26m silent"),
    },
    {
      name: "a missed scrape does not restart what is under way",
      series: {
        ...finishedTasks(EXPRESS, { [slow]: 4 }, { "0s": 0, "2m": 1, "4m": "stale", "4m15s": 1 }),
        [age()]: gauge({ "0s": 0, "4m": "stale", "4m15s": 0 }),
      },
      expect: timeline("4m pending, 6m45s pending, 7m firing", reasoning),
    },
    {
      name: "three minutes without one do",
      series: { [age()]: gauge({ "0s": 0, "2m": 9, "4m": "stale", "6m45s": 9 }) },
      expect: timeline("6m30s silent, 11m30s pending, 11m45s firing", reasoning),
    },
    {
      name: "minutes without telemetry do not end an incident, and a telemetry that stays away does",
      series: {
        [age()]: gauge({ "0s": 9, "12m": "stale", "15m45s": 9, "25m": "stale" }),
        ...finishedTasks('type="ml", lane="express"', { [slow]: 4 }, { "0s": 1, "25m": "stale" }),
      },
      expect: [
        ...timeline(`14m firing, 16m30s firing, 19m firing, ${26 + keep}m45s firing`, reasoning, ml),
        ...timeline(`${27 + keep}m30s firing, ${31 + keep}m firing, ${35 + keep}m15s silent`, ml),
      ],
    },
  ];
}
