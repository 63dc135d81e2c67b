import { type Run, seriesNotation } from "@mcp-orchestrator/alerts/promql";

/** One scrape of a series: its value, or that the series was missing. */
export type Slot = number | undefined;

/**
 * A series in promtool's notation, with runs of equal steps folded. A series that ends leaves a staleness marker, as in
 * Prometheus.
 */
export function fold(slots: readonly Slot[]): string {
  const runs: Run[] = [];
  for (let start = 0; start < slots.length; ) {
    const value = slots[start];
    const end = value === undefined ? endOfGap(slots, start) : endOfRun(slots, start, value);
    const count = end - start;
    if (value === undefined) runs.push({ gap: start === 0 ? "missing" : "stale", count });
    else runs.push({ value, step: count === 1 ? 0 : (slots[start + 1] ?? value) - value, count });
    start = end;
  }
  return seriesNotation(runs);
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
  // What promtool computes for a run must be exactly this number.
  while (end < slots.length && slots[end] === value + step * (end - start)) end += 1;
  // Two values are shorter as they are, and the second may begin a longer run.
  return end - start > 2 ? end : start + 1;
}
