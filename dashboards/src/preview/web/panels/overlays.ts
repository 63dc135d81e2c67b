import type uPlot from "uplot";
import type { Mark } from "../data/annotations.ts";
import { color, translucent } from "../field/colors.ts";

/** Dashed lines at thresholds within the scale. */
export function drawThresholds(chart: uPlot, lines: readonly { value: number; color: string }[]): void {
  const { ctx, bbox } = chart;
  for (const line of lines) {
    const y = Math.round(chart.valToPos(line.value, "y", true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    dashed(ctx, translucent(color(line.color), 0.7), [8, 6], () => {
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
    });
  }
}

/** A line with a foot for each mark. */
export function drawMarks(chart: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = chart;
  const foot = 4 * devicePixelRatio;
  for (const mark of marks) {
    const x = Math.round(chart.valToPos(mark.timeS, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    dashed(ctx, color(mark.color), [2, 4], () => {
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
    });
    ctx.fillStyle = color(mark.color);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + bbox.height - foot);
    ctx.lineTo(x - foot, bbox.top + bbox.height);
    ctx.lineTo(x + foot, bbox.top + bbox.height);
    ctx.fill();
  }
}

function dashed(ctx: CanvasRenderingContext2D, stroke: string, dash: number[], path: () => void): void {
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.25 * devicePixelRatio;
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  path();
  ctx.stroke();
  ctx.restore();
}
