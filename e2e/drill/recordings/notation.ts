/** One scrape of a series: its value, or that the series was not there. */
export type Slot = number | undefined;

/**
 * A series in promtool's notation, with runs of equal steps folded. A series that goes away leaves the marker that
 * Prometheus itself would have written.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
 */
export function fold(slots: readonly Slot[]): string {
  const parts: string[] = [];
  for (let start = 0; start < slots.length; ) {
    const value = slots[start];
    const end = value === undefined ? endOfGap(slots, start) : endOfRun(slots, start, value);
    parts.push(value === undefined ? gap(end - start, start === 0) : run(value, slots[start + 1], end - start));
    start = end;
  }
  return parts.join(" ");
}

function endOfGap(slots: readonly Slot[], start: number): number {
  const next = slots.findIndex((slot, index) => index > start && slot !== undefined);
  return next < 0 ? slots.length : next;
}

function endOfRun(slots: readonly Slot[], start: number, value: number): number {
  const second = slots[start + 1];
  if (second === undefined) return start + 1;
  const step = second - value;
  let end = start + 2;
  while (end < slots.length && slots[end] === exact(value, step, end - start)) end += 1;
  // Two values alone are shorter as they are, and leave the second one to a longer run.
  return end - start > 2 ? end : start + 1;
}

/** What promtool computes for a run, which must be the very number. */
const exact = (value: number, step: number, times: number) => value + step * times;

function run(value: number, second: Slot, count: number): string {
  if (count === 1 || second === undefined) return String(value);
  const step = second - value;
  if (step === 0) return `${value}x${count - 1}`;
  return `${value}${step < 0 ? "-" : "+"}${Math.abs(step)}x${count - 1}`;
}

function gap(count: number, atTheStart: boolean): string {
  if (atTheStart) return `_x${count}`;
  return count === 1 ? "stale" : `stale _x${count - 1}`;
}
