import uPlot from "uplot";
import { cssVariable } from "../colors.ts";
import { h } from "../dom.ts";
import { unitOf } from "../fieldConfig.ts";
import { type Bucket, toBuckets } from "../frames.ts";
import { formatValue } from "../units.ts";
import { timeAxis, valueAxis } from "./axes.ts";
import type { CreateRenderer } from "./renderer.ts";
import { hideTooltip, showTooltip } from "./tooltip.ts";

/** Faint cells stay visible beside one that holds nearly everything. */
const EXPONENT = 0.5;

/** Draws a distribution over time: one row for each bucket, darker where more fell into it. */
export const heatmap: CreateRenderer = (body, panel, events) => {
  const plot = h("div", { className: "plot" });
  body.append(plot);
  plot.addEventListener("mouseleave", hideTooltip);
  let chart: uPlot | undefined;
  const resize = new ResizeObserver(() => chart?.setSize({ width: plot.clientWidth, height: plot.clientHeight }));
  resize.observe(plot);

  return {
    draw: ({ frame, grid }) => {
      const buckets = toBuckets(frame);
      const most = Math.max(...buckets.flatMap(({ values }) => values.map((value) => value ?? 0)), Number.MIN_VALUE);
      const bound = (index: number) => {
        const bucket = buckets[Math.round(index)];
        return bucket === undefined
          ? formatValue(buckets.at(-1)?.to, unitOf(panel))
          : formatValue(bucket.from, unitOf(panel));
      };
      chart?.destroy();
      chart = new uPlot(
        {
          width: plot.clientWidth,
          height: plot.clientHeight,
          padding: [8, 8, 0, 0],
          legend: { show: false },
          cursor: { sync: { key: "dashboard" }, points: { show: false }, drag: { x: true, y: false, setScale: false } },
          scales: {
            x: { time: true, range: [grid.fromS, grid.toS] },
            y: { range: [0, Math.max(1, buckets.length)] },
          },
          axes: [timeAxis(), { ...valueAxis(bound), incrs: [1, 2, 5, 10], grid: { show: false } }],
          series: [{}, { show: true, paths: () => null, points: { show: false } }],
          hooks: {
            drawClear: [(self) => drawCells(self, frame.timesS, buckets, most, grid.stepS)],
            setCursor: [(self) => tooltip(self, frame.timesS, buckets, unitOf(panel))],
            setSelect: [
              ({ select, posToVal }) => {
                if (select.width < 5) return;
                events.onZoom(posToVal(select.left, "x") * 1000, posToVal(select.left + select.width, "x") * 1000);
              },
            ],
          },
        },
        [[...frame.timesS], frame.timesS.map(() => null)],
        plot,
      );
    },
    destroy: () => {
      resize.disconnect();
      chart?.destroy();
    },
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

function tooltip(chart: uPlot, timesS: readonly number[], buckets: readonly Bucket[], unit: string): void {
  const { idx, left, top } = chart.cursor;
  if (!chart.over.matches(":hover") || idx === null || idx === undefined || left === undefined || left < 0) return;
  const bucket = buckets[Math.floor(chart.posToVal(top ?? 0, "y"))];
  const value = bucket?.values[idx];
  if (bucket === undefined || value === undefined || value === null) {
    hideTooltip();
    return;
  }
  showTooltip(
    chart.rect.left + left,
    chart.rect.top + (top ?? 0),
    new Date((timesS[idx] ?? 0) * 1000).toLocaleTimeString("en-GB"),
    [
      {
        color: cssVariable("--heat"),
        name: `${formatValue(bucket.from, unit)} to ${formatValue(bucket.to, unit)}`,
        value: formatValue(value, "reqps"),
      },
    ],
  );
}
