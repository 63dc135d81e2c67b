import type { Case, Labels } from "./samples.ts";
import { gauge } from "./scrapes.ts";

/** The hand-written part of the samples of an alert on the state of Redis. */
type StateLoss = {
  /** Labels of its one instance. */
  readonly labels: Labels;
  /** The scraped series, as a replica reports it. */
  readonly series: (instance: string) => string;
  /** Three values over the threshold: one, a higher one, and the last one before the state is lost. */
  readonly bad: readonly [number, number, number];
  /** A value under the threshold. */
  readonly good: number;
  readonly forMinutes: 5 | 10 | 60;
  readonly keepFiringForMinutes: 2 | 3;
  /** The expected notification of the last value. */
  readonly annotations: Labels;
};

const minute = (count: number) => `${count}m`;

/** The cases of every alert on the state of Redis: that state becomes unknown while the alert fires, or before. */
export function casesWhileUnknown(loss: StateLoss): Case[] {
  const { labels, series, bad, good, forMinutes, keepFiringForMinutes: keep, annotations } = loss;
  const [first, highest, last] = bad;
  // It begins at 2m and fires at 2m + `for`; the state is lost three minutes later.
  const lost = 5 + forMinutes;
  const gone = { [minute(lost)]: "stale" } as const;
  const atFirst = { "0s": good, "2m": first, [`${lost - 1}m15s`]: highest, [`${lost - 1}m45s`]: last };
  const firing = [labels];
  const end = minute(lost + 90);
  return [
    {
      name: "it keeps firing while the state of Redis is unknown, for an hour, with the last value that was known",
      series: {
        [series("a:8000")]: gauge({ ...atFirst, ...gone }, end),
        mcp_redis_state_known: gauge({ "0s": 1, [minute(lost)]: 0 }, end),
      },
      expect: [
        { at: minute(lost + 3), firing },
        { at: minute(lost + 30), firing },
        { at: minute(lost + 59), firing },
        { at: `${lost + 59 + keep}m30s`, firing },
        { at: minute(lost + 60 + keep) },
      ],
      annotated: { at: minute(lost + 30), labels, annotations },
    },
    {
      name: "it resolves when a replica can read that state again, and it is well",
      series: {
        [series("a:8000")]: gauge({ ...atFirst, ...gone }, end),
        [series("b:8000")]: gauge({ ...atFirst, ...gone, [minute(lost + 20)]: good }, end),
        'mcp_redis_state_known{instance="a:8000"}': gauge({ "0s": 1, [minute(lost)]: 0 }, end),
        'mcp_redis_state_known{instance="b:8000"}': gauge({ "0s": 1, [minute(lost)]: 0, [minute(lost + 20)]: 1 }, end),
      },
      expect: [{ at: `${lost + 19 + keep}m45s`, firing }, { at: minute(lost + 20 + keep) }],
    },
    {
      name: "it cannot begin to fire while that state is unknown, whatever else fires",
      series: {
        [series("a:8000")]: gauge({ "0s": good, "2m": last, "2m30s": "stale" }, end),
        mcp_redis_state_known: gauge({ "0s": 1, "2m30s": 0 }, end),
        [alertSeries("SomethingElse", labels)]: gauge({ "0s": 1 }, end),
      },
      expect: [{ at: "3m", pending: firing }, { at: "8m" }, { at: "15m" }],
    },
  ];
}

function alertSeries(alertname: string, labels: Labels): string {
  const all = Object.entries({ alertname, alertstate: "firing", ...labels });
  return `ALERTS{${all.map(([label, value]) => `${label}="${value}"`).join(", ")}}`;
}
