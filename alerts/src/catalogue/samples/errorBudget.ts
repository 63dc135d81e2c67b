import type { Case, Labels } from "./samples.ts";
import { counter, gauge, secondsOf } from "./scrapes.ts";

/**
 * The cases that the alerts on an error budget have in common, by hand. The objective is 99 %. Budgets are calculated every
 * five minutes, and most cases say how many tasks end in these five minutes.
 */

/** Tasks that end in five minutes from a time on: good and bad ones. `reset` is a scrape of a new process. */
type Phase = readonly [good: number, bad: number] | "reset";
type Phases = Readonly<Record<string, Phase>>;
type Steps = Readonly<Record<string, number | "reset">>;

/** The series of an objective, as replicas report them. */
export type BudgetSeries = {
  /** What one replica counts of a type, as counters grow with each scrape. */
  readonly tasks: (type: string, good: Steps, bad: Steps, scrapes: Scrapes) => Record<string, string>;
  /** The same tasks counted by two replicas, in both lanes where both count, and beside them what must not count. */
  readonly spread: (type: string, good: Steps, bad: Steps, scrapes: Scrapes) => Record<string, string>;
};

/** How often and how long series are scraped. */
type Scrapes = { readonly everySeconds: number; readonly end: string };

const REPORTED: Scrapes = { everySeconds: 60, end: "14h" };
const FAST: Scrapes = { everySeconds: 15, end: "9h" };
/** Days of samples. */
const SLOW: Scrapes = { everySeconds: 60, end: "32h" };

/** Each phase begins right after an evaluation, so that none counts a part of it. */
function stepsOf(phases: Phases, which: 0 | 1, { everySeconds }: Scrapes): Steps {
  const steps = Object.entries(phases).map(([at, phase], index) => {
    if (phase === "reset") return [at, phase];
    return [index === 0 ? at : `${secondsOf(at) + everySeconds}s`, (phase[which] * everySeconds) / 300];
  });
  return Object.fromEntries(steps);
}

const one = (type: string): Labels => ({ type });
const ml = one("ml");
const reasoning = one("reasoning");
const codegen = one("codegen");

/** An alert that is pending or firing from a time to another. */
const other = (alertname: string, state: "firing" | "pending", labels: Labels, until = "1h", from = "0s") => ({
  [`ALERTS{${Object.entries({ alertname, alertstate: state, ...labels })
    .map(([label, value]) => `${label}="${value}"`)
    .join(", ")}}`]: gauge(
    { ...(from === "0s" ? {} : { "0s": "missing" }), [from]: 1, [until]: "stale" },
    REPORTED.end,
    REPORTED.everySeconds,
  ),
});

/** The texts of three types, of which the first loses a third of its tasks. */
export type BudgetTexts = (type: string, rate: string) => Labels;

function helpersFor({ tasks, spread }: BudgetSeries, scrapes: Scrapes) {
  const of = (type: string, phases: Phases) =>
    tasks(type, stepsOf(phases, 0, scrapes), stepsOf(phases, 1, scrapes), scrapes);
  const spreadOf = (type: string, phases: Phases) =>
    spread(type, stepsOf(phases, 0, scrapes), stepsOf(phases, 1, scrapes), scrapes);
  /** Tasks with the last scrape of the first hour, and no others. */
  const last = (type: string, good: number, bad: number) => {
    const then = `${secondsOf("1h") + scrapes.everySeconds}s`;
    return tasks(type, { "0s": 0, "1h": good, [then]: 0 }, { "0s": 0, "1h": bad, [then]: 0 }, scrapes);
  };
  return { of, spreadOf, last };
}

/** The same, counted by a second replica. */
const elsewhere = (series: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(series).map(([name, values]) => [name.replace("a:8000", "b:8000"), values]));

const everyMinute = (cases: readonly Case[]): Case[] =>
  cases.map((sampleCase) => ({ ...sampleCase, everySeconds: SLOW.everySeconds }));

/** Bursts of bad tasks that lift the hour over 14.4 and leave the six hours under 6. */
const badHour = { "0s": [20_000, 0], "6h": [0, 20_000], "6h10m": [20_000, 0] } as const;

/** The alert that fires above 14.4 over 1h and 5m, or above 6 over 6h and 30m. */
export function fastBudgetCases(series: BudgetSeries, texts: BudgetTexts): Case[] {
  const { of, spreadOf, last } = helpersFor(series, FAST);
  return [
    {
      name: "14.4 times the rate over an hour is the threshold and silent, a little more fires",
      // Each replica's share is a whole number at each scrape, so that the rate is the threshold to the last digit.
      series: {
        ...spreadOf("ml", { "0s": [20_000, 0], "6h": [21_800, 3_200], "7h": [17_000, 8_000], "7h5m": [20_000, 0] }),
        ...spreadOf("reasoning", { "0s": [20_000, 0], "6h": [17_100, 2_900] }),
      },
      expect: [{ at: "6h45m" }, { at: "7h5m", firing: [reasoning] }, { at: "7h30m", firing: [reasoning] }],
    },
    {
      name: "the value is that of the hour, where six hours are bad as well",
      series: of("ml", { "0s": [100, 0], "6h": [200, 100] }),
      expect: [{ at: "7h30m", firing: [ml] }],
      annotated: { at: "7h30m", labels: ml, annotations: texts("ml", "33.3") },
    },
    {
      name: "it fires at the first evaluation at which the hour is bad, and resolves after five good minutes",
      series: {
        ...of("ml", { "0s": [100, 0], "6h": [0, 100], "6h20m": [100, 0] }),
        ...of("reasoning", { "0s": [100, 0], "6h": [400, 200], "6h5m": [100, 0] }),
      },
      expect: [{ at: "6h5m" }, { at: "6h10m", firing: [ml] }, { at: "6h25m", firing: [ml] }, { at: "6h30m" }],
    },
    {
      name: "14.4 times in the last five minutes is the threshold too, however many tasks end in them",
      series: {
        ...of("ml", { ...badHour, "6h20m": [34_240, 5_760], "6h25m": [20_000, 0] }),
        ...of("reasoning", { ...badHour, "6h20m": [34_200, 5_800], "6h25m": [20_000, 0] }),
      },
      expect: [{ at: "6h20m" }, { at: "6h25m", firing: [reasoning] }],
    },
    {
      name: "tasks of the last scrape count, the good ones and the bad ones",
      series: {
        ...last("ml", 0, 12),
        ...last("reasoning", 188, 12),
        ...last("codegen", 170, 12),
      },
      expect: [{ at: "55m" }, { at: "1h", firing: [ml, codegen] }],
    },
    {
      name: "bad minutes of an hour ago count, and older ones do not",
      series: {
        ...of("ml", { "0s": [100, 0], "6h": [0, 100], "6h10m": [100, 0], "6h55m": [80, 20], "7h": [100, 0] }),
        ...of("reasoning", { "0s": [100, 0], "6h": [0, 100], "6h10m": [100, 0], "7h10m": [80, 20], "7h15m": [100, 0] }),
      },
      expect: [{ at: "6h55m" }, { at: "7h", firing: [ml] }, { at: "7h10m" }, { at: "7h15m" }],
    },
    {
      name: "ten bad tasks in the hour are enough, fewer are not",
      series: {
        ...of("ml", { "0s": [100, 0], "5h": [0, 0], "6h": [0, 1.25] }),
        ...of("reasoning", { "0s": [100, 0], "5h": [0, 0], "6h": [4, 1.171875] }),
        ...of("codegen", {
          "0s": [100, 0],
          "5h": [0, 0],
          "6h": [0, 6.25],
          "6h5m": [0, 0],
          "6h55m": [0, 6.25],
          "7h": [0, 0],
        }),
        ...of("old", {
          "0s": [100, 0],
          "5h": [0, 0],
          "6h": [0, 6.25],
          "6h5m": [0, 0],
          "7h10m": [0, 6.25],
          "7h15m": [0, 0],
        }),
      },
      expect: [
        { at: "6h35m" },
        { at: "6h40m", firing: [ml] },
        { at: "6h45m", firing: [ml, reasoning] },
        { at: "7h", firing: [ml, reasoning, codegen] },
        { at: "7h15m", firing: [ml, reasoning] },
      ],
    },
    {
      name: "ten in six hours are enough, if it is most of all",
      series: {
        ...of("ml", everyFortyMinutes(1.25)),
        ...of("reasoning", everyFortyMinutes(1.171875)),
        ...of("codegen", { "0s": [0, 0], "30m": [0, 6.25], "35m": [0, 0], "6h": [0, 6.25], "6h5m": [0, 0] }),
        ...of("old", { "0s": [0, 0], "30m": [0, 6.25], "35m": [0, 0], "7h10m": [0, 6.25], "7h15m": [0, 0] }),
      },
      expect: [
        { at: "4h5m" },
        { at: "4h45m", firing: [ml] },
        { at: "5h25m", firing: [ml, reasoning] },
        { at: "6h5m", firing: [codegen] },
        { at: "7h15m" },
      ],
    },
    {
      name: "6 times the rate over half an hour is the threshold and silent, a little more fires",
      series: {
        ...of("ml", { "0s": [18_400, 1_600], "6h": [18_800, 1_200] }),
        ...of("reasoning", { "0s": [18_400, 1_600], "6h": [18_780, 1_220] }),
      },
      expect: [
        { at: "6h", firing: [ml, reasoning] },
        { at: "6h45m", firing: [reasoning] },
        { at: "7h30m", firing: [reasoning] },
      ],
    },
    {
      name: "6 times the rate over six hours is the threshold and silent, a little more fires, also with the last minutes only",
      series: {
        ...of("ml", { "0s": [18_820, 1_180], "6h30m": [18_580, 1_420], "7h": [20_000, 0] }),
        ...of("reasoning", { "0s": [18_840, 1_160], "6h55m": [14_000, 6_000], "7h": [20_000, 0] }),
        ...of("codegen", { "0s": [18_820, 1_180], "6h55m": [36_400, 3_600], "7h": [20_000, 0] }),
      },
      expect: [{ at: "6h55m" }, { at: "7h", firing: [reasoning] }],
    },
    {
      name: "bad minutes of half an hour ago count, and older ones do not",
      series: {
        ...of("ml", { "0s": [92, 8], "6h": [100, 0], "6h55m": [10, 90], "7h": [100, 0] }),
        ...of("reasoning", { "0s": [92, 8], "6h": [100, 0], "6h55m": [159, 41], "7h": [100, 0] }),
      },
      expect: [
        { at: "6h30m" },
        { at: "6h55m" },
        { at: "7h", firing: [ml] },
        { at: "7h30m", firing: [ml] },
        { at: "7h40m" },
      ],
    },
    {
      name: "bad minutes of six hours ago count, and older ones do not",
      series: {
        ...of("ml", { "0s": [100, 0], "25m": [0, 100], "50m": [100, 0], "5h55m": [10, 90], "6h": [100, 0] }),
        ...of("reasoning", { "0s": [100, 0], "25m": [0, 100], "50m": [100, 0], "7h5m": [10, 90], "7h10m": [100, 0] }),
      },
      expect: [{ at: "5h55m" }, { at: "6h", firing: [ml] }, { at: "7h5m" }, { at: "7h10m" }],
    },
    {
      name: "a restart of the service neither begins nor ends it",
      series: {
        ...of("ml", { "0s": [80, 20], "7h2m": "reset", "7h2m15s": [80, 20] }),
        ...of("reasoning", { "0s": [99, 1], "7h2m": "reset", "7h2m15s": [99, 1] }),
      },
      expect: [
        { at: "7h", firing: [ml] },
        { at: "7h5m", firing: [ml] },
        { at: "7h10m", firing: [ml] },
        { at: "8h", firing: [ml] },
      ],
    },
    {
      name: "a restart of one of two replicas is not taken for what the other has counted",
      series: {
        ...of("ml", { "0s": [96, 4], "5h2m": "reset", "5h2m15s": [96, 4] }),
        ...elsewhere(of("ml", { "0s": [94, 6] })),
        ...of("reasoning", { "0s": [90, 10], "5h2m": "reset", "5h2m15s": [90, 10] }),
        ...elsewhere(of("reasoning", { "0s": [90, 10] })),
      },
      expect: [
        { at: "5h", firing: [reasoning] },
        { at: "5h10m", firing: [reasoning] },
      ],
    },
    {
      name: "no traffic divides nothing by nothing and is silent",
      series: of("ml", { "0s": [0, 0] }),
      expect: [{ at: "5m" }, { at: "1h" }],
    },
  ];
}

function everyFortyMinutes(bad: number): Phases {
  const starts = Array.from({ length: 9 }, (_, index) => 40 * index);
  return Object.fromEntries(
    starts.flatMap((minutes): [string, Phase][] => [
      [`${minutes}m`, [0.625, bad]],
      [`${minutes + 5}m`, [0, 0]],
    ]),
  );
}

/** A busy first hour, so that the three days are good enough whatever comes later; the day does not see it. */
const busy = { "0s": [6_000_000, 0], "1h": [20_000, 0] } as const;

/** Few tasks, and a few bad ones in the first minutes of each hour. */
function everyHour(bad: number): Phases {
  const hours = Array.from({ length: 9 }, (_, index) => index + 1);
  return Object.fromEntries([
    ["0s", [5, 0]],
    ...hours.flatMap((hour): [string, Phase][] => [
      [`${hour}h`, [5, bad]],
      [`${hour}h5m`, [5, 0]],
    ]),
  ]);
}

/** The alert that fires above 3 over 1d and 2h, or above 1 over 3d and 6h. */
export function slowBudgetCases(series: BudgetSeries, texts: BudgetTexts): Case[] {
  const { of, spreadOf, last } = helpersFor(series, SLOW);
  const days = helpersFor(series, { ...SLOW, end: "86h" });
  return everyMinute([
    {
      name: "the value is that of the day, where three days are bad as well",
      series: of("ml", { "0s": [100, 0], "2h": [200, 100] }),
      expect: [{ at: "1h" }, { at: "27h", firing: [ml] }],
      annotated: { at: "27h", labels: ml, annotations: texts("ml", "33.3") },
    },
    {
      name: "tasks of the last scrape count, the good ones and the bad ones",
      series: { ...last("ml", 0, 12), ...last("reasoning", 1_192, 12), ...last("codegen", 1_000, 12) },
      expect: [{ at: "55m" }, { at: "1h", firing: [ml, codegen] }],
    },
    {
      name: "it fires with the first bad tasks that are too many, and ends when six hours are good",
      series: of("ml", { "0s": [0, 0], "1h": [0, 100], "1h5m": [100, 0] }),
      expect: [{ at: "1h" }, { at: "1h5m", firing: [ml] }, { at: "7h", firing: [ml] }, { at: "7h10m" }],
    },
    {
      name: "3 times the rate over a day is the threshold, and silent",
      series: spreadOf("ml", { "0s": [6_000_000, 0], "1h": [19_500, 500], "23h": [18_300, 1_700], "25h": [20_000, 0] }),
      expect: [{ at: "1h" }, { at: "25h" }, { at: "26h" }],
    },
    {
      name: "a little more than that fires, of whatever lane and replica",
      series: spreadOf("reasoning", { "0s": [6_000_000, 0], "1h": [19_398, 602] }),
      expect: [{ at: "1h" }, { at: "25h5m", firing: [reasoning] }],
    },
    {
      name: "3 times the rate over two hours is the threshold and silent, a little more fires",
      series: {
        ...of("ml", { ...busy, "7h": [0, 20_000], "8h": [20_000, 0], "23h": [19_400, 600] }),
        ...of("reasoning", { ...busy, "7h": [0, 20_000], "8h": [20_000, 0], "23h": [19_380, 620] }),
      },
      expect: [{ at: "23h" }, { at: "25h5m", firing: [reasoning] }],
    },
    {
      name: "bad hours of a day ago count, and older ones do not",
      series: {
        ...of("ml", { ...busy, "3h": [0, 20_000], "4h": [20_000, 0], "25h": [18_000, 2_000], "26h": [20_000, 0] }),
        ...of("reasoning", {
          ...{ ...busy, "3h": [0, 20_000], "4h": [20_000, 0], "30h": [18_000, 2_000], "31h": [20_000, 0] },
        }),
      },
      expect: [{ at: "25h" }, { at: "26h", firing: [ml] }, { at: "31h" }],
    },
    {
      name: "bad minutes of two hours ago count, and older ones do not",
      series: of("ml", { ...busy, "3h": [0, 20_000], "4h": [20_000, 0], "25h": [0, 20_000], "25h5m": [20_000, 0] }),
      expect: [{ at: "25h" }, { at: "25h5m", firing: [ml] }, { at: "26h45m", firing: [ml] }, { at: "27h10m" }],
    },
    {
      name: "the last five minutes decide, and how many tasks end in them",
      series: {
        ...of("ml", { ...busy, "3h": [0, 20_000], "3h40m": [20_000, 0], "25h": [0, 20_000], "25h5m": [20_000, 0] }),
        ...of("reasoning", {
          ...{ ...busy, "3h": [0, 20_000], "4h": [20_000, 0], "25h": [85_000, 15_000], "25h5m": [20_000, 0] },
        }),
        ...of("codegen", {
          ...{ ...busy, "24h": [0, 20_000], "24h40m": [20_000, 0], "25h": [285_000, 15_000], "25h5m": [20_000, 0] },
        }),
      },
      expect: [{ at: "25h" }, { at: "25h5m", firing: [ml] }],
    },
    {
      name: "ten bad tasks in the day are enough, fewer are not",
      series: {
        ...of("ml", { "0s": [6_000_000, 0], "1h": [0, 0], "25h": [0, 1.25] }),
        ...of("reasoning", { "0s": [6_000_000, 0], "1h": [0, 0], "25h": [4, 1.171875] }),
        ...of("codegen", {
          ...{ "0s": [6_000_000, 0], "1h": [0, 0], "3h": [0, 6.25], "3h5m": [0, 0], "26h": [0, 6.25], "26h5m": [0, 0] },
        }),
        ...of("old", {
          ...{ "0s": [6_000_000, 0], "1h": [0, 0], "3h": [0, 6.25], "3h5m": [0, 0], "31h": [0, 6.25], "31h5m": [0, 0] },
        }),
      },
      expect: [
        { at: "25h35m" },
        { at: "25h40m", firing: [ml] },
        { at: "25h45m", firing: [ml, reasoning] },
        { at: "26h5m", firing: [ml, reasoning, codegen] },
        { at: "31h5m", firing: [ml, reasoning] },
      ],
    },
    {
      name: "ten in three days are enough, and few of many",
      series: { ...of("ml", everyHour(1.25)), ...of("reasoning", everyHour(1.171875)) },
      expect: [{ at: "7h5m" }, { at: "8h5m", firing: [ml] }, { at: "9h5m", firing: [ml, reasoning] }],
    },
    {
      name: "as fast as the budget lasts is the threshold of six hours and silent, a little more fires",
      series: {
        ...of("ml", { "0s": [19_600, 400], "6h": [19_800, 200] }),
        ...of("reasoning", { "0s": [19_600, 400], "6h": [19_792, 208] }),
      },
      expect: [
        { at: "6h", firing: [ml, reasoning] },
        { at: "13h", firing: [reasoning] },
      ],
    },
    {
      name: "as fast as the budget lasts is the threshold of three days and silent, a little more fires",
      series: {
        ...of("ml", { "0s": [19_810, 190], "18h": [19_770, 230], "24h": [20_000, 0] }),
        ...of("reasoning", { "0s": [19_792, 208] }),
      },
      expect: [{ at: "24h", firing: [reasoning] }],
    },
    {
      name: "bad minutes of six hours ago count, and older ones do not",
      series: of("ml", {
        "0s": [20_000, 0],
        "1h": [0, 20_000],
        "1h15m": [20_000, 0],
        "12h": [0, 20_000],
        "12h5m": [20_000, 0],
      }),
      expect: [{ at: "12h" }, { at: "12h5m", firing: [ml] }, { at: "17h30m", firing: [ml] }, { at: "18h30m" }],
    },
    {
      name: "the last five minutes decide about three days, and how many tasks end in them",
      series: {
        ...of("ml", {
          "0s": [20_000, 0],
          "1h": [0, 27_000],
          "1h5m": [20_000, 0],
          "12h": [0, 20_000],
          "12h5m": [20_000, 0],
        }),
        ...of("reasoning", {
          ...{
            "0s": [20_000, 0],
            "1h": [0, 20_000],
            "1h15m": [20_000, 0],
            "12h": [185_000, 15_000],
            "12h5m": [20_000, 0],
          },
        }),
        ...of("codegen", {
          ...{
            "0s": [20_000, 0],
            "11h": [0, 28_000],
            "11h5m": [20_000, 0],
            "12h": [298_000, 2_000],
            "12h5m": [20_000, 0],
          },
        }),
      },
      expect: [{ at: "12h" }, { at: "12h5m", firing: [ml] }],
    },
    {
      name: "a restart of the service neither begins nor ends it",
      series: {
        ...of("ml", { "0s": [96, 4], "25h2m": "reset", "25h3m": [96, 4] }),
        ...of("reasoning", { "0s": [99.5, 0.5], "25h2m": "reset", "25h3m": [99.5, 0.5] }),
      },
      expect: [
        { at: "25h", firing: [ml] },
        { at: "25h5m", firing: [ml] },
        { at: "25h10m", firing: [ml] },
        { at: "27h", firing: [ml] },
      ],
    },
    {
      name: "a restart of one of two replicas is not taken for what the other has counted",
      series: {
        ...of("ml", { "0s": [99.2, 0.8], "5h2m": "reset", "5h3m": [99.2, 0.8] }),
        ...elsewhere(of("ml", { "0s": [99, 1] })),
        ...of("reasoning", { "0s": [98.7, 1.3], "5h2m": "reset", "5h3m": [98.7, 1.3] }),
        ...elsewhere(of("reasoning", { "0s": [98.7, 1.3] })),
      },
      expect: [
        { at: "5h", firing: [reasoning] },
        { at: "5h10m", firing: [reasoning] },
      ],
    },
    {
      name: "bad hours of three days ago count, and older ones do not, many or few",
      series: {
        ...days.of("ml", {
          "0s": [20_000, 0],
          "6h": [0, 20_000],
          "7h": [20_000, 0],
          "70h": [18_000, 2_000],
          "71h": [20_000, 0],
        }),
        ...days.of("reasoning", {
          ...{ "0s": [20_000, 0], "6h": [0, 20_000], "7h": [20_000, 0], "84h": [18_000, 2_000], "85h": [20_000, 0] },
        }),
        ...days.of("codegen", { "0s": [0, 0], "6h": [0, 6.25], "6h5m": [0, 0], "71h": [0, 6.25], "71h5m": [0, 0] }),
        ...days.of("old", { "0s": [0, 0], "6h": [0, 6.25], "6h5m": [0, 0], "84h": [0, 6.25], "84h5m": [0, 0] }),
        // Its good first hours are enough for as long as they count.
        ...days.of("calmer", { "0s": [6_000_000, 0], "2h": [19_760, 240] }),
      },
      expect: [
        { at: "70h" },
        { at: "71h", firing: [ml] },
        { at: "71h5m", firing: [ml, codegen] },
        { at: "84h5m", firing: [one("calmer")] },
        { at: "85h", firing: [one("calmer")] },
      ],
    },
  ]);
}

/** What other alerts do that report the same tasks. */
export type Reporters = { readonly byType: readonly string[]; readonly byService?: string };

/**
 * What another alert reported is not reported again.
 *
 * @param times until the events of the reported incident have left the short windows
 */
export function reportedCases(
  series: BudgetSeries,
  { byType, byService }: Reporters,
  times: { readonly silent: string; readonly firing: string },
): Case[] {
  const { of } = helpersFor(series, REPORTED);
  const types = byType.map((name, index) => ({ name, type: `type-${index}` }));
  const service: Case[] =
    byService === undefined
      ? []
      : [
          {
            name: "an outage that was reported, of whatever type",
            series: { ...of("ml", { "0s": [0, 100] }), ...other(byService, "firing", {}) },
            expect: [{ at: "10m" }, { at: times.silent }, { at: times.firing, firing: [ml] }],
          },
          {
            name: "an outage that began a moment ago was reported",
            series: {
              ...of("ml", { "0s": [0, 0], "1h25m": [0, 100] }),
              ...other(byService, "firing", {}, "2h", "1h30m"),
            },
            expect: [{ at: "1h30m" }],
          },
          {
            name: "an outage that is not reported yet",
            series: { ...of("ml", { "0s": [0, 100] }), ...other(byService, "pending", {}) },
            expect: [{ at: "15m", firing: [ml] }],
          },
        ];
  return everyMinute([
    {
      name: "what another alert reported of the type is not reported again, until it has left the short windows",
      series: Object.assign(
        {},
        ...types.map(({ name, type }) => ({ ...of(type, { "0s": [0, 100] }), ...other(name, "firing", { type }) })),
      ),
      expect: [{ at: "10m" }, { at: times.silent }, { at: times.firing, firing: types.map(({ type }) => ({ type })) }],
    },
    {
      name: "what is not reported yet, what an unrelated alert says, and what is said of another type",
      series: {
        ...of("pending", { "0s": [0, 100] }),
        ...other(byType[0] ?? "", "pending", { type: "pending" }),
        ...of("unrelated", { "0s": [0, 100] }),
        ...other("SomethingElse", "firing", { type: "unrelated" }),
        ...of("ml", { "0s": [0, 100] }),
        ...other(byType[0] ?? "", "firing", { type: "another" }),
      },
      expect: ["15m", "1h45m"].map((at) => ({ at, firing: [one("pending"), one("unrelated"), ml] })),
    },
    {
      name: "what another alert has reported for a moment",
      series: {
        ...of("ml", { "0s": [0, 0], "1h25m": [0, 100] }),
        ...other(byType[0] ?? "", "firing", { type: "ml" }, "2h", "1h30m"),
      },
      expect: [{ at: "1h30m" }],
    },
    ...service,
  ]);
}

const part = (steps: Steps, share: number): Steps =>
  Object.fromEntries(Object.entries(steps).map(([at, step]) => [at, step === "reset" ? step : step * share]));

const counted = (steps: Steps, { end, everySeconds }: Scrapes): string => counter(steps, end, everySeconds);

/** Express tasks with a result in half a second and later ones. */
export const EXPRESS: BudgetSeries = {
  tasks: (type, good, bad, scrapes) => waits(`type="${type}", lane="express", instance="a:8000"`, good, bad, scrapes),
  spread: (type, good, bad, scrapes) => ({
    ...waits(`type="${type}", lane="express", instance="a:8000"`, part(good, 0.6), part(bad, 0.75), scrapes),
    ...waits(`type="${type}", lane="express", instance="b:8000"`, part(good, 0.4), part(bad, 0.25), scrapes),
    // Regular tasks may take longer.
    ...waits(`type="${type}", lane="regular", instance="a:8000"`, part(good, 0.5), part(good, 0.5), scrapes),
  }),
};

function waits(labels: string, good: Steps, bad: Steps, scrapes: Scrapes): Record<string, string> {
  const all = Object.fromEntries(
    Object.entries(good).map(([at, step]): [string, number | "reset"] => {
      const late = bad[at] ?? 0;
      return [at, step === "reset" || late === "reset" ? "reset" : step + late];
    }),
  );
  const buckets = { "0.25": part(good, 0.5), "0.5": good, "0.75": all, "+Inf": all };
  return Object.fromEntries(
    Object.entries(buckets).map(([le, steps]) => [
      `mcp_task_wait_seconds_bucket{${labels}, le="${le}"}`,
      counted(steps, scrapes),
    ]),
  );
}

/** Tasks that end with a result, and in the dead letter queue. */
export const SUCCESS: BudgetSeries = {
  tasks: (type, good, bad, scrapes) => ({
    [completed(`type="${type}", lane="regular", instance="a:8000"`)]: counted(good, scrapes),
    [failed(`type="${type}", lane="regular", reason="upstream", instance="a:8000"`)]: counted(bad, scrapes),
  }),
  spread: (type, good, bad, scrapes) => ({
    [completed(`type="${type}", lane="regular", instance="a:8000"`)]: counted(part(good, 0.4), scrapes),
    [completed(`type="${type}", lane="express", instance="a:8000"`)]: counted(part(good, 0.2), scrapes),
    [completed(`type="${type}", lane="express", instance="b:8000"`)]: counted(part(good, 0.4), scrapes),
    [failed(`type="${type}", lane="express", reason="timeout", instance="a:8000"`)]: counted(part(bad, 0.5), scrapes),
    [failed(`type="${type}", lane="regular", reason="upstream", instance="a:8000"`)]: counted(part(bad, 0.25), scrapes),
    [failed(`type="${type}", lane="regular", reason="upstream", instance="b:8000"`)]: counted(part(bad, 0.25), scrapes),
  }),
};

const completed = (labels: string) => `mcp_tasks_completed_total{${labels}}`;
const failed = (labels: string) => `mcp_tasks_failed_total{${labels}}`;

/** A type without completed tasks: all of them fail. */
export const noneCompleted = (texts: BudgetTexts): Case => ({
  name: "all tasks of a type fail, and none has completed",
  series: Object.fromEntries(
    ["ml", "reasoning"].map((type) => [
      failed(`type="${type}", lane="regular", reason="upstream"`),
      counter({ "0s": 1 }, "7h"),
    ]),
  ),
  expect: [
    { at: "5m", firing: [ml, reasoning] },
    { at: "1h", firing: [ml, reasoning] },
  ],
  annotated: ["ml", "reasoning"].map((type) => ({ at: "1h", labels: one(type), annotations: texts(type, "100.0") })),
});
