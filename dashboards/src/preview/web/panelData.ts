import { type Frame, type Table, type TimeGrid, toFrame, toTable } from "./frames.ts";
import { type AllValues, interpolate, type Selection } from "./interpolate.ts";
import { type Panel, queriesOf } from "./model.ts";
import type { Prometheus } from "./prometheus.ts";
import { alignToStep, sampling } from "./step.ts";
import type { Interval } from "./timeRange.ts";

/** Everything that a query depends on beside the panel. */
export type QueryContext = {
  readonly prometheus: Prometheus;
  readonly interval: Interval;
  readonly scrapeIntervalMs: number;
  readonly selection: Selection;
  readonly allValues: AllValues;
};

/** What a panel shows. */
export type PanelData = { readonly grid: TimeGrid; readonly frame: Frame; readonly table: Table };

const EMPTY_TABLE: Table = { columns: [], rows: [] };
/** One sample for each so many pixels: more cannot be distinguished. */
const PIXELS_PER_POINT = 2;

/**
 * Asks for what a panel shows.
 *
 * @param widthPx width of the panel, which decides how fine the samples are
 * @throws PrometheusError
 */
export async function loadPanel(
  panel: Panel,
  context: QueryContext,
  widthPx: number,
  signal: AbortSignal,
): Promise<PanelData> {
  const { prometheus, scrapeIntervalMs, selection, allValues } = context;
  const sampled = sampling(context.interval, widthPx / PIXELS_PER_POINT, scrapeIntervalMs);
  const aligned = alignToStep(context.interval, sampled.stepMs);
  const grid = { fromS: aligned.fromMs / 1000, toS: aligned.toMs / 1000, stepS: sampled.stepMs / 1000 };
  const queries = queriesOf(panel).map(({ expr }) => interpolate(expr, selection, allValues, sampled));
  if (panel.type === "table") {
    const timeS = context.interval.toMs / 1000;
    const answers = await Promise.all(queries.map((query) => prometheus.instant(query, timeS, signal)));
    return { grid, frame: { timesS: [], series: [] }, table: toTable(panel, answers) };
  }
  const answers = await Promise.all(queries.map((query) => prometheus.range(query, grid, signal)));
  return { grid, frame: toFrame(panel, answers, grid), table: EMPTY_TABLE };
}

/** True when no query found anything. */
export function isEmpty({ frame, table }: PanelData): boolean {
  return frame.series.length === 0 && table.rows.length === 0;
}
