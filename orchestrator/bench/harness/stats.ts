import { max, medianSorted, min, quantileSorted } from "simple-statistics";

/** Summary of several rounds. */
export type Summary = {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** (max - min) / median. */
  readonly spread: number;
  readonly rounds: number;
};

/** Summarizes one figure over the rounds. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError("no rounds to summarize");
  const sorted = values.toSorted((a, b) => a - b);
  const median = medianSorted(sorted);
  const [low, high] = [min(sorted), max(sorted)];
  return { median, min: low, max: high, spread: median === 0 ? 0 : (high - low) / median, rounds: values.length };
}

/**
 * Median of the ratios within each round. Both values of a round are measured close together, so that a slower machine
 * affects both.
 */
export function ratioOf(numerators: readonly number[], denominators: readonly number[]): number {
  if (numerators.length !== denominators.length) throw new RangeError("ratios need the same number of rounds");
  return summarize(numerators.map((value, round) => value / (denominators[round] as number))).median;
}

/** Percentiles of latencies, in the unit of the values. */
export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number };

export function percentiles(values: readonly number[]): Percentiles {
  if (values.length === 0) throw new RangeError("no values");
  const sorted = values.toSorted((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantileSorted(sorted, share)) as [number, number, number];
  return { p50, p95, p99 };
}
