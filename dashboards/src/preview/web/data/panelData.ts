import { type Frame, type TimeGrid, toFrame } from "./frames.ts";
import { type AllValues, interpolate, type Selection } from "./interpolate.ts";
import { type Panel, queriesOf, scrapesPerStep } from "./model.ts";
import type { InstantSample, Prometheus, RangeSeries } from "./prometheus.ts";
import { alignToStep, sampling } from "./step.ts";
import type { Interval } from "./timeRange.ts";

/** What a query depends on besides the panel. */
export type QueryContext = {
  readonly prometheus: Prometheus;
  readonly interval: Interval;
  readonly scrapeIntervalMs: number;
  readonly selection: Selection;
  readonly allValues: AllValues;
};

/** The data of a panel: results of range queries on one axis, and of instant queries in their order. */
export type PanelData = {
  readonly grid: TimeGrid;
  readonly frame: Frame;
  readonly now: readonly (readonly InstantSample[])[];
};

/** Pixels per sample: more samples cannot be distinguished. */
const PIXELS_PER_POINT = 2;

/**
 * Runs the queries of a panel.
 *
 * @param widthPx width of the panel, which determines the step
 * @throws PrometheusError
 */
export async function loadPanel(
  panel: Panel,
  context: QueryContext,
  widthPx: number,
  signal: AbortSignal,
): Promise<PanelData> {
  const { prometheus, scrapeIntervalMs, selection, allValues } = context;
  const sampled = sampling(context.interval, widthPx / PIXELS_PER_POINT, scrapeIntervalMs * scrapesPerStep(panel));
  const aligned = alignToStep(context.interval, sampled.stepMs);
  const grid = { fromS: aligned.fromMs / 1000, toS: aligned.toMs / 1000, stepS: sampled.stepMs / 1000 };
  const query = (expr: string) => interpolate(expr, selection, allValues, sampled);
  const nothing: readonly RangeSeries[] = [];
  const [ranges, instants] = await Promise.all([
    Promise.all(
      queriesOf(panel).map(({ expr, instant }) => (instant ? nothing : prometheus.range(query(expr), grid, signal))),
    ),
    Promise.all(
      queriesOf(panel)
        .filter(({ instant }) => instant)
        .map(({ expr }) => prometheus.instant(query(expr), context.interval.toMs / 1000, signal)),
    ),
  ]);
  return { grid, frame: toFrame(panel, ranges, grid), now: instants };
}

/** True if no query found anything. */
export function isEmpty({ frame, now }: PanelData): boolean {
  return frame.series.length === 0 && now.every((answer) => answer.length === 0);
}
