import { interpolate } from "./interpolate.ts";
import { seriesName } from "./legend.ts";
import type { Dashboard } from "./model.ts";
import type { QueryContext } from "./panelData.ts";
import type { RangeSeries } from "./prometheus.ts";
import { alignToStep, sampling } from "./step.ts";

/** A mark on the time axis. */
export type Mark = { readonly timeS: number; readonly title: string; readonly text: string; readonly color: string };

/** Enough samples to place a mark to the pixel on any panel. */
const POINTS = 600;

/**
 * The marks of a dashboard within the range, oldest first.
 *
 * @throws PrometheusError
 */
export async function loadMarks(dashboard: Dashboard, context: QueryContext, signal: AbortSignal): Promise<Mark[]> {
  const sampled = sampling(context.interval, POINTS, context.scrapeIntervalMs);
  const { fromMs, toMs } = alignToStep(context.interval, sampled.stepMs);
  const grid = { fromS: fromMs / 1000, toS: toMs / 1000, stepS: sampled.stepMs / 1000 };
  const lists = await Promise.all(
    (dashboard.annotations.list ?? []).map(async (source) => {
      const query = interpolate(source.expr ?? "", context.selection, context.allValues, sampled);
      const series = await context.prometheus.range(query, grid, signal);
      return series.flatMap(({ labels, points }) =>
        timesOf(points, grid.stepS, source.useValueForTime === true)
          .filter((timeS) => timeS > grid.fromS && timeS <= grid.toS)
          .map((timeS) => ({
            timeS,
            title: seriesName(source.titleFormat, labels),
            text: seriesName(source.textFormat, labels).replaceAll(/ *<a .*?<\/a>| +/g, " "),
            color: source.iconColor,
          })),
      );
    }),
  );
  return lists.flat().toSorted((a, b) => a.timeS - b.timeS);
}

/** When an event happened: the value of the samples, or the start of a run of samples. */
function timesOf(points: RangeSeries["points"], stepS: number, valueIsTime: boolean): number[] {
  if (valueIsTime) return [...new Set(points.map(([, value]) => value / 1000))];
  return points
    .filter(([timeS], index) => timeS - (points[index - 1]?.[0] ?? Number.NEGATIVE_INFINITY) > stepS * 1.5)
    .map(([timeS]) => timeS);
}
