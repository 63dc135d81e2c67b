import uPlot from "uplot";
import type { Mark } from "../annotations.ts";
import { color, seriesColor, translucent } from "../colors.ts";
import { h } from "../dom.ts";
import { fixedColor, isStacked, thresholdLines, unitOf } from "../fieldConfig.ts";
import { type FrameSeries, lastValue, stack } from "../frames.ts";
import type { Panel } from "../model.ts";
import type { PanelData } from "../panelData.ts";
import { formatValue } from "../units.ts";
import { timeAxis, valueAxis } from "./axes.ts";
import { legend } from "./legend.ts";
import { drawMarks, drawThresholds } from "./overlays.ts";
import type { CreateRenderer } from "./renderer.ts";
import { hideTooltip, showTooltip } from "./tooltip.ts";

/** Charts with this key show the cursor at the same moment. */
const SYNC_KEY = "dashboard";
const MAX_TINTED_LINES = 3;

/** Draws lines over time, with thresholds, marks, a shared cursor and a legend. */
export const timeSeries: CreateRenderer = (body, panel, events) => {
  const plot = h("div", { className: "plot" });
  const names = h("div", { className: "legend-place" });
  body.append(plot, names);
  const hidden = new Set<string>();
  let chart: uPlot | undefined;
  let last: { data: PanelData; marks: readonly Mark[] } | undefined;

  const redraw = () => {
    if (last === undefined) return;
    const { data, marks } = last;
    const colored = data.frame.series.map((series, index) => ({
      ...series,
      color: colorOf(panel, series, index),
    }));
    const format = formatter(panel);
    const items = colored.map((series) => ({ ...series, value: format(lastValue(series)) }));
    names.replaceChildren(legend(items, hidden, toggle));
    const shown = colored.filter(({ name }) => !hidden.has(name));
    chart?.destroy();
    chart = new uPlot(
      {
        width: plot.clientWidth,
        height: plot.clientHeight,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: SYNC_KEY }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
        scales: { x: { time: true, range: [data.grid.fromS, data.grid.toS] }, y: { range: valueRange(panel) } },
        axes: [timeAxis(), { ...valueAxis(format), ...wholeSteps(panel) }],
        series: [{}, ...shown.map((series) => line(series.color, fillOpacity(panel, shown.length)))],
        bands: isStacked(panel) ? shown.slice(1).map((_, index) => ({ series: [index + 2, index + 1] })) : [],
        hooks: {
          drawClear: [(self) => drawMarks(self, marks)],
          draw: [(self) => drawThresholds(self, thresholdLines(panel))],
          setCursor: [(self) => tooltip(self, shown, format, marks)],
          setSelect: [
            (self) => {
              const { left, width } = self.select;
              if (width < 5) return;
              events.onZoom(self.posToVal(left, "x") * 1000, self.posToVal(left + width, "x") * 1000);
            },
          ],
        },
      },
      columns(data, shown, isStacked(panel)),
      plot,
    );
  };

  const toggle = (name: string) => {
    if (!hidden.delete(name)) hidden.add(name);
    redraw();
  };
  plot.addEventListener("mouseleave", hideTooltip);
  const resize = new ResizeObserver(() => chart?.setSize({ width: plot.clientWidth, height: plot.clientHeight }));
  resize.observe(plot);

  return {
    draw: (data, marks) => {
      last = { data, marks };
      redraw();
    },
    destroy: () => {
      resize.disconnect();
      chart?.destroy();
    },
  };
};

type Colored = FrameSeries & { readonly color: string };

function colorOf(panel: Panel, series: FrameSeries, index: number): string {
  const fixed = fixedColor(panel, series.name);
  return fixed === undefined ? seriesColor(index) : color(fixed);
}

function formatter(panel: Panel): (value: number | undefined) => string {
  const { decimals } = panel.fieldConfig?.defaults ?? {};
  return (value) => formatValue(value, unitOf(panel), decimals);
}

function columns(data: PanelData, shown: readonly Colored[], stacked: boolean): uPlot.AlignedData {
  const series = stacked ? stack(shown) : shown;
  return [[...data.frame.timesS], ...series.map(({ values }) => [...values])];
}

/** What is counted in whole things has no half of one on its axis. */
function wholeSteps(panel: Panel): uPlot.Axis {
  return panel.fieldConfig?.defaults.decimals === 0 ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] } : {};
}

/** Few lines stand on a tint; many of them would only mix to grey. */
function fillOpacity(panel: Panel, lines: number): number {
  if (isStacked(panel)) return 0.35;
  return lines <= MAX_TINTED_LINES && panel.fieldConfig?.defaults.min === 0 ? 0.07 : 0;
}

function line(stroke: string, opacity: number): uPlot.Series {
  return {
    stroke,
    width: 1.5,
    ...(opacity > 0 ? { fill: translucent(stroke, opacity) } : {}),
    points: { show: false },
    spanGaps: false,
  };
}

/** The panel's limits where it has them, else what the data and the threshold lines need. */
function valueRange(panel: Panel): uPlot.Range.Function {
  const { min, max } = panel.fieldConfig?.defaults ?? {};
  const lines = thresholdLines(panel).map(({ value }) => value);
  return (_, dataMin, dataMax) => {
    const low = Math.min(dataMin ?? 0, ...(min === undefined ? lines : []));
    const high = Math.max(dataMax ?? 0, ...lines);
    const margin = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
    return [min ?? low - margin, max ?? high + margin];
  };
}

function tooltip(
  chart: uPlot,
  shown: readonly Colored[],
  format: (value: number | undefined) => string,
  marks: readonly Mark[],
): void {
  const { idx, left, top } = chart.cursor;
  if (!chart.over.matches(":hover") || idx === null || idx === undefined || left === undefined || left < 0) return;
  const timeS = chart.data[0][idx] ?? 0;
  const values = shown
    .map(({ name, color: swatch, values: column }) => ({ name, color: swatch, number: column[idx] ?? undefined }))
    .filter(({ number }) => number !== undefined)
    .toSorted((a, b) => Number(b.number) - Number(a.number));
  const near = marks.filter((mark) => Math.abs(chart.valToPos(mark.timeS, "x") - left) < 4);
  showTooltip(chart.rect.left + left, chart.rect.top + (top ?? 0), new Date(timeS * 1000).toLocaleTimeString("en-GB"), [
    ...near.map((mark) => ({ color: color(mark.color), name: mark.title, value: mark.text })),
    ...values.map(({ name, color: swatch, number }) => ({ name, color: swatch, value: format(number) })),
  ]);
}
