/** `missing`: not scraped; `stale`: the marker that a failed scrape or a vanished series leaves. */
export type Gap = "missing" | "stale";

/** Scrapes in a row whose values differ by the same step, or that have no value. */
export type Run =
  | { readonly value: number; readonly step: number; readonly count: number }
  | { readonly gap: Gap; readonly count: number };

/**
 * A series in promtool's notation.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
 */
export function seriesNotation(runs: readonly Run[]): string {
  return runs.map((run) => ("gap" in run ? gapText(run.gap, run.count) : valuesText(run))).join(" ");
}

/** promtool's `x3` means three more. */
function valuesText({ value, step, count }: { value: number; step: number; count: number }): string {
  if (count === 1) return String(value);
  if (step === 0) return `${value}x${count - 1}`;
  return `${value}${step < 0 ? "-" : "+"}${Math.abs(step)}x${count - 1}`;
}

/** One stale marker is enough; later samples are missing. */
function gapText(gap: Gap, count: number): string {
  if (gap === "missing") return `_x${count}`;
  return count === 1 ? "stale" : `stale _x${count - 1}`;
}
