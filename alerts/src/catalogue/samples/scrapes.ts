import { type Gap, type Run, seriesNotation } from "../../promql/seriesNotation.ts";

/** Seconds between two samples of the hand-written series, if they say nothing else. */
const SCRAPE_SECONDS = 15;

/** The value of a series from each time on: `{ "0s": 0, "2m": 501 }`. */
type Steps<Step> = Readonly<Record<string, Step | Gap>>;

const END = "45m";

/** A gauge in promtool's notation: the value it has from each time on. */
export function gauge(steps: Steps<number>, end = END, everySeconds = SCRAPE_SECONDS): string {
  return seriesNotation(
    segments(steps, end, everySeconds).map(({ step, count }) =>
      typeof step === "number" ? { value: step, step: 0, count } : { gap: step, count },
    ),
  );
}

/**
 * A counter in promtool's notation, starting from 0: its growth per scrape, from each time on. It also grows while it is
 * not scraped. `reset` is one scrape at which a new process shows 0.
 *
 * @param everySeconds between two scrapes
 */
export function counter(steps: Steps<number | "reset">, end = END, everySeconds = SCRAPE_SECONDS): string {
  let value = 0;
  let growth = 0;
  const runs: Run[] = [];
  for (const { step, count } of segments(steps, end, everySeconds)) {
    if (step === "reset") {
      runs.push({ value: 0, step: 0, count });
      value = 0;
    } else if (typeof step === "number") {
      growth = step;
      const first = runs.length === 0 ? 0 : round(value + growth);
      runs.push({ value: first, step: growth, count });
      value = round(first + growth * (count - 1));
    } else {
      runs.push({ gap: step, count });
      value = round(value + growth * count);
    }
  }
  return seriesNotation(runs);
}

/** A counter of single events: it grows by `count` with the scrape at each of these times. */
export function events(times: readonly string[], count = 1, end = END): string {
  const steps = times.flatMap((time) => {
    const seconds = secondsOf(time);
    return [
      [`${seconds}s`, count],
      [`${seconds + SCRAPE_SECONDS}s`, 0],
    ];
  });
  return counter(Object.fromEntries([["0s", 0], ...steps]), end);
}

/** A time of a sample, `7m15s`, in seconds. */
export function secondsOf(time: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(time);
  if (match === null || time === "") throw new RangeError(`Not a time of a sample: ${time}`);
  const [hours, minutes, seconds] = match.slice(1).map((digits) => Number(digits ?? 0));
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

function segments<Step>(steps: Steps<Step>, end: string, everySeconds: number): { step: Step | Gap; count: number }[] {
  const indexOf = (time: string) => indexAt(time, everySeconds);
  const entries = Object.entries(steps).map(([time, step]) => ({ step, index: indexOf(time) }));
  return entries.map(({ step, index }, position) => {
    const next = entries[position + 1]?.index ?? indexOf(end);
    if (next <= index) throw new RangeError(`Steps must be in order of time: ${Object.keys(steps).join(", ")}`);
    return { step, count: next - index };
  });
}

function indexAt(time: string, everySeconds: number): number {
  const index = secondsOf(time) / everySeconds;
  if (!Number.isInteger(index)) throw new RangeError(`${time} is not a multiple of ${everySeconds} s`);
  return index;
}

function round(value: number): number {
  return Number(value.toPrecision(12));
}
