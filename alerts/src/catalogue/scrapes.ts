/** Seconds between two samples of the hand-written series. */
const SCRAPE_SECONDS = 15;

/** `missing`: not scraped; `stale`: the marker that a failed scrape or a vanished series leaves. */
type Gap = "missing" | "stale";

/** What a series does from a time on, by time: `{ "0s": 0, "2m": 501 }`. */
type Steps<Step> = Readonly<Record<string, Step | Gap>>;

const END = "45m";

/** A gauge in promtool's notation: the value it has from each time on. */
export function gauge(steps: Steps<number>, end = END): string {
  return segments(steps, end)
    .map(({ step, count }) => (typeof step === "number" ? run(step, 0, count) : gap(step, count)))
    .join(" ");
}

/**
 * A counter in promtool's notation: by how much it grows with each scrape from a time on, starting from 0. It goes on
 * growing while it is not scraped. `reset` is one scrape at which a new process shows 0.
 */
export function counter(steps: Steps<number | "reset">, end = END): string {
  let value = 0;
  let growth = 0;
  const parts: string[] = [];
  for (const { step, count } of segments(steps, end)) {
    if (step === "reset") {
      parts.push(run(0, 0, count));
      value = 0;
    } else if (typeof step === "number") {
      growth = step;
      const first = parts.length === 0 ? 0 : round(value + growth);
      parts.push(run(first, growth, count));
      value = round(first + growth * (count - 1));
    } else {
      parts.push(gap(step, count));
      value = round(value + growth * count);
    }
  }
  return parts.join(" ");
}

/** A time of a sample, `7m15s`, in seconds. */
export function secondsOf(time: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(time);
  if (match === null || time === "") throw new RangeError(`Not a time of a sample: ${time}`);
  const [hours, minutes, seconds] = match.slice(1).map((digits) => Number(digits ?? 0));
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

function segments<Step>(steps: Steps<Step>, end: string): { step: Step | Gap; count: number }[] {
  const entries = Object.entries(steps).map(([time, step]) => ({ step, index: indexOf(time) }));
  return entries.map(({ step, index }, position) => {
    const next = entries[position + 1]?.index ?? indexOf(end);
    if (next <= index) throw new RangeError(`Steps must be in order of time: ${Object.keys(steps).join(", ")}`);
    return { step, count: next - index };
  });
}

function indexOf(time: string): number {
  const index = secondsOf(time) / SCRAPE_SECONDS;
  if (!Number.isInteger(index)) throw new RangeError(`${time} is not a multiple of ${SCRAPE_SECONDS} s`);
  return index;
}

/** `count` samples that start at a value and grow; promtool's `x3` means three more. */
function run(value: number, growth: number, count: number): string {
  if (count === 1) return String(value);
  return growth === 0 ? `${value}x${count - 1}` : `${value}+${growth}x${count - 1}`;
}

/** One stale marker is enough: what follows it is simply not there. */
function gap(kind: Gap, count: number): string {
  const missing = kind === "stale" ? count - 1 : count;
  return [...(kind === "stale" ? ["stale"] : []), ...(missing > 0 ? [`_x${missing}`] : [])].join(" ");
}

function round(value: number): number {
  return Number(value.toPrecision(12));
}
