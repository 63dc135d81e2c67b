import type uPlot from "uplot";
import { type Bucket, toBuckets } from "../data/frames.ts";
import { cssVariable } from "../field/colors.ts";
import { fieldOf } from "../field/fieldConfig.ts";
import { formatValue } from "../field/units.ts";
import { timeAxis, valueAxis } from "./axes.ts";
import { Plot } from "./plot.ts";
import type { CreateRenderer } from "./renderer.ts";
import { inWords } from "./tooltip.ts";

/** Faint cells stay visible beside one with nearly all observations. */
const EXPONENT = 0.5;

/** Draws a distribution over time: one row for each bucket, darker with more observations. */
export const heatmap: CreateRenderer = (body, panel, events) => {
  const plot = new Plot(events);
  body.append(plot.element);
  const unit = fieldOf(panel).unit ?? "";
  const bounds = ({ from, to }: Bucket) => `${formatValue(from, unit)} to ${formatValue(to, unit)}`;

  return {
    draw: ({ frame, grid }) => {
      const buckets = toBuckets(frame);
      const most = Math.max(...buckets.flatMap(({ values }) => values.map((value) => value ?? 0)), Number.MIN_VALUE);
      const bound = (index: number) => {
        const bucket = buckets[Math.round(index)];
        return bucket === undefined ? formatValue(buckets.at(-1)?.to ?? 0, unit) : formatValue(bucket.from, unit);
      };
      const at = (index: number) =>
        buckets
          .map((bucket) => ({ name: bounds(bucket), number: bucket.values[index] ?? 0 }))
          .filter(({ number }) => number > 0)
          .map(({ name, number }) => ({ color: cssVariable("--heat"), name, value: formatValue(number, "reqps") }));
      plot.draw({
        ...{ grid, at, y: { range: [0, Math.max(1, buckets.length)] } },
        summary: inWords(panel.title, at(frame.timesS.length - 1)),
        axes: [timeAxis(), { ...valueAxis(bound), incrs: [1, 2, 5, 10], grid: { show: false } }],
        series: [{}, { show: true, paths: () => null, points: { show: false } }],
        hooks: { drawClear: [(self) => drawCells(self, frame.timesS, buckets, most, grid.stepS)] },
        data: [[...frame.timesS], frame.timesS.map(() => null)],
      });
    },
    destroy: () => plot.destroy(),
  };
};

function drawCells(chart: uPlot, timesS: readonly number[], buckets: readonly Bucket[], most: number, stepS: number) {
  const { ctx } = chart;
  const hue = cssVariable("--heat");
  ctx.save();
  ctx.beginPath();
  ctx.rect(chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height);
  ctx.clip();
  ctx.fillStyle = hue;
  buckets.forEach(({ values }, row) => {
    const top = Math.round(chart.valToPos(row + 1, "y", true));
    const height = Math.round(chart.valToPos(row, "y", true)) - top;
    values.forEach((value, index) => {
      const timeS = timesS[index];
      if (timeS === undefined || value === null || value <= 0) return;
      const left = Math.round(chart.valToPos(timeS - stepS, "x", true));
      const width = Math.round(chart.valToPos(timeS, "x", true)) - left;
      ctx.globalAlpha = 0.06 + 0.94 * (value / most) ** EXPONENT;
      ctx.fillRect(left, top, withGap(width), withGap(height));
    });
  });
  ctx.restore();
}

/** Cells that are large enough to be distinguished have a gap between them. */
function withGap(size: number): number {
  return size > 5 * devicePixelRatio ? size - devicePixelRatio : Math.max(1, size);
}
