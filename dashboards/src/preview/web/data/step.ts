import type { Interval } from "./timeRange.ts";

const NICE_STEPS_MS = [
  250, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000,
] as const;

/** How a range is sampled. */
export type Sampling = { readonly stepMs: number; readonly rateIntervalMs: number; readonly rangeMs: number };

/**
 * The step for about the wanted number of points, at least the scrape interval, and Grafana's window for rates: at
 * least four scrapes, and one scrape more than the step.
 */
export function sampling({ fromMs, toMs }: Interval, points: number, scrapeIntervalMs: number): Sampling {
  const rangeMs = toMs - fromMs;
  const wantedMs = Math.max(rangeMs / Math.max(points, 10), scrapeIntervalMs);
  const stepMs = NICE_STEPS_MS.find((step) => step >= wantedMs) ?? NICE_STEPS_MS.at(-1) ?? wantedMs;
  return { stepMs, rateIntervalMs: Math.max(stepMs + scrapeIntervalMs, 4 * scrapeIntervalMs), rangeMs };
}

/** The interval widened to whole steps, so that a refresh has the same times and lines do not jitter. */
export function alignToStep({ fromMs, toMs }: Interval, stepMs: number): Interval {
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs: Math.floor(toMs / stepMs) * stepMs };
}
