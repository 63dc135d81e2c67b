import type uPlot from "uplot";
import { type Bucket, toBuckets } from "../data/frames.ts";
import type { Panel } from "../data/model.ts";
import { color } from "../field/colors.ts";
import { fieldOf } from "../field/fieldConfig.ts";
import { formatValue } from "../field/units.ts";
import { timeAxis, valueAxis } from "./axes.ts";
import { Plot } from "./plot.ts";
import type { CreateRenderer } from "./renderer.ts";
import { inWords } from "./tooltip.ts";

/** Draws a distribution over time: one row for each bucket, cells by the panel's colour scheme. */
export const heatmap: CreateRenderer = (body, panel, events) => {
  const plot = new Plot(events);
  body.append(plot.element);
  const unit = fieldOf(panel).unit ?? "";
  const bounds = ({ from, to }: Bucket) => `${formatValue(from, unit)} to ${formatValue(to, unit)}`;

  return {
    draw: ({ frame, grid }) => {
      const buckets = toBuckets(frame);
      const colorOf = colorScale(panel, buckets);
      const bound = (index: number) => {
        const bucket = buckets[Math.round(index)];
        return bucket === undefined ? formatValue(buckets.at(-1)?.to ?? 0, unit) : formatValue(bucket.from, unit);
      };
      const at = (index: number) =>
        buckets
          .map((bucket) => ({ name: bounds(bucket), number: bucket.values[index] ?? 0 }))
          .filter(({ number }) => number > 0)
          .map(({ name, number }) => ({ color: colorOf(number), name, value: formatValue(number, "reqps") }));
      plot.draw({
        ...{ grid, at, y: { range: [0, Math.max(1, buckets.length)] } },
        summary: inWords(panel.title, at(frame.timesS.length - 1)),
        axes: [timeAxis(), { ...valueAxis(bound), incrs: [1, 2, 5, 10], grid: { show: false } }],
        series: [{}, { show: true, paths: () => null, points: { show: false } }],
        hooks: { drawClear: [(self) => drawCells(self, frame.timesS, buckets, grid.stepS, colorOf)] },
        data: [[...frame.timesS], frame.timesS.map(() => null)],
      });
    },
    destroy: () => plot.destroy(),
  };
};

/** The colour of a cell by its number: equal steps from the smallest to the largest. */
type Fill = (number: number) => string;

function colorScale(panel: Panel, buckets: readonly Bucket[]): Fill {
  const colors = color((panel.options as { color: { scheme: string } }).color.scheme).split(" ");
  const numbers = buckets.flatMap(({ values }) => values.filter((value) => (value ?? 0) > 0).map(Number));
  const least = Math.min(...numbers);
  const range = Math.max(...numbers) - least || 1;
  return (number) => colors[Math.min(Math.floor((colors.length * (number - least)) / range), colors.length - 1)] ?? "";
}

function drawCells(chart: uPlot, timesS: readonly number[], buckets: readonly Bucket[], stepS: number, fill: Fill) {
  const { ctx } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height);
  ctx.clip();
  buckets.forEach(({ values }, row) => {
    const top = Math.round(chart.valToPos(row + 1, "y", true));
    const height = Math.round(chart.valToPos(row, "y", true)) - top;
    values.forEach((value, index) => {
      const timeS = timesS[index];
      if (timeS === undefined || value === null || value <= 0) return;
      const left = Math.round(chart.valToPos(timeS - stepS, "x", true));
      const width = Math.round(chart.valToPos(timeS, "x", true)) - left;
      ctx.fillStyle = fill(value);
      ctx.fillRect(left, top, withGap(width), withGap(height));
    });
  });
  ctx.restore();
}

/** Cells that are large enough to be distinguished have a gap between them. */
function withGap(size: number): number {
  return size > 5 * devicePixelRatio ? size - devicePixelRatio : Math.max(1, size);
}
