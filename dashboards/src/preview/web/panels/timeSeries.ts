import uPlot from "uplot";
import type { Mark } from "../data/annotations.ts";
import { type FrameSeries, stack } from "../data/frames.ts";
import type { PanelData } from "../data/panelData.ts";
import { h } from "../dom.ts";
import { color, seriesColor, translucent } from "../field/colors.ts";
import { type Field, fieldOf, thresholdLines } from "../field/fieldConfig.ts";
import { formatValue } from "../field/units.ts";
import { timeAxis, valueAxis } from "./axes.ts";
import { legend } from "./legend.ts";
import { drawMarks, drawThresholds } from "./overlays.ts";
import { Plot } from "./plot.ts";
import type { CreateRenderer } from "./renderer.ts";
import { inWords, type TooltipLine } from "./tooltip.ts";

/** Distance from the cursor in px within which a mark is named. */
const NEAR_PX = 4;

/** Draws lines over time, with thresholds, marks, a shared cursor and a legend. */
export const timeSeries: CreateRenderer = (body, panel, events) => {
  const plot = new Plot(events);
  const names = h("div", { className: "legend-place" });
  body.append(plot.element, names);
  const hidden = new Set<string>();
  const field = fieldOf(panel);
  const stacked = field.custom.stacking?.mode === "normal";
  const format = (value: number) => formatValue(value, field.unit, field.decimals);
  let last: { data: PanelData; marks: readonly Mark[] } | undefined;

  const redraw = () => {
    if (last === undefined) return;
    const { data, marks } = last;
    const colored = data.frame.series.map((series, index): Colored => {
      const own = fieldOf(panel, series.name, series.refId);
      const fixed = own.color?.fixedColor;
      return { ...series, field: own, color: fixed === undefined ? seriesColor(index) : color(fixed) };
    });
    const listed = colored.filter((series) => !series.field.custom.hideFrom?.legend);
    names.replaceChildren(legend(listed, hidden, toggle));
    const shown = colored.filter(({ name }) => !hidden.has(name));
    plot.draw({
      ...{ grid: data.grid, data: columns(data, shown, stacked), y: { range: valueRange(field) } },
      summary: inWords(panel.title, linesAt(shown, data.frame.timesS.length - 1, format)),
      at: (index, chart) => [...marksNear(chart, marks), ...linesAt(shown, index, format)],
      axes: [timeAxis(), { ...valueAxis(format), ...wholeSteps(field) }],
      series: [{}, ...shown.map(line)],
      bands: stacked ? shown.slice(1).map((_, index) => ({ series: [index + 2, index + 1] })) : [],
      hooks: {
        drawClear: [(self) => drawMarks(self, marks)],
        draw: [(self) => drawThresholds(self, thresholdLines(field))],
      },
    });
  };

  const toggle = (name: string) => {
    if (!hidden.delete(name)) hidden.add(name);
    redraw();
  };
  return {
    draw: (data, marks) => {
      last = { data, marks };
      redraw();
    },
    destroy: () => plot.destroy(),
  };
};

type Colored = FrameSeries & { readonly color: string; readonly field: Field };

function columns(data: PanelData, shown: readonly Colored[], stacked: boolean): uPlot.AlignedData {
  const series = stacked ? stack(shown) : shown;
  return [[...data.frame.timesS], ...series.map(({ values }) => [...values])];
}

/** Counts of whole things have no halves on their axis. */
function wholeSteps({ decimals }: Field): uPlot.Axis {
  return decimals === 0 ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] } : {};
}

function line({ color: stroke, field }: Colored): uPlot.Series {
  const { drawStyle, fillOpacity = 0, lineStyle, lineWidth = 1 } = field.custom;
  return {
    stroke,
    width: lineWidth + 0.5,
    ...(lineStyle?.dash === undefined ? {} : { dash: [...lineStyle.dash] }),
    fill: translucent(stroke, fillOpacity / 100),
    points: { show: true, filter: isolated, fill: stroke },
    spanGaps: false,
    ...(drawStyle === "bars" ? BARS : {}),
  };
}

const BARS: uPlot.Series =
  uPlot.paths.bars === undefined ? {} : { paths: uPlot.paths.bars({ size: [0.8] }), points: { show: false } };

/** Draws a point for a sample between two gaps, which has no line. */
const isolated: uPlot.Series.Points.Filter = (chart, index) => {
  const values = chart.data[index] ?? [];
  const missing = (at: number) => values[at] === null || values[at] === undefined;
  return Array.from(values.keys()).filter((at) => !missing(at) && missing(at - 1) && missing(at + 1));
};

/** The panel's limits, else those of the data and the soft limits. */
function valueRange({ min, max, custom }: Field): uPlot.Range.Function {
  return (_, dataMin, dataMax) => {
    const low = Math.min(dataMin ?? 0, custom.axisSoftMin ?? dataMin ?? 0);
    const high = Math.max(dataMax ?? 0, custom.axisSoftMax ?? dataMax ?? 0);
    const margin = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
    return [min ?? low - margin, max ?? high + margin];
  };
}

/** The values at a moment, the highest first. */
function linesAt(shown: readonly Colored[], index: number, format: (value: number) => string): TooltipLine[] {
  return shown
    .flatMap(({ name, color: swatch, values }) => {
      const number = values[index] ?? undefined;
      return number === undefined ? [] : [{ name, color: swatch, number }];
    })
    .toSorted((a, b) => b.number - a.number)
    .map(({ number, ...rest }) => ({ ...rest, value: format(number) }));
}

function marksNear(chart: uPlot, marks: readonly Mark[]): TooltipLine[] {
  const { left = 0 } = chart.cursor;
  return marks
    .filter((mark) => Math.abs(chart.valToPos(mark.timeS, "x") - left) < NEAR_PX)
    .map((mark) => ({ color: color(mark.color), name: mark.title, value: mark.text }));
}
