import type uPlot from "uplot";
import { cssVariable } from "../field/colors.ts";

/** Height of the time axis under a chart, in px. */
export const TIME_AXIS_PX = 24;

/** The time axis: 24 h clock, with the date where the day changes. */
export function timeAxis(): uPlot.Axis {
  return {
    ...look(),
    size: TIME_AXIS_PX,
    space: 70,
    values: (_, splits, __, ___, incrementS) => timeLabels(splits, incrementS ?? 60),
  };
}

/** A value axis that is as wide as its labels need. */
export function valueAxis(format: (value: number) => string): uPlot.Axis {
  return {
    ...look(),
    space: 26,
    values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))),
    size: (chart, labels) => Math.max(34, ...(labels ?? []).map((label) => textWidth(chart, label) + 14)),
  };
}

/** Labels for times in epoch seconds, with the precision that their distance needs. */
export function timeLabels(timesS: readonly number[], incrementS: number): string[] {
  return timesS.map((timeS, index) => {
    const at = new Date(timeS * 1000);
    const before = timesS[index - 1];
    const sameDay = before === undefined ? incrementS < 86_400 : new Date(before * 1000).getDate() === at.getDate();
    const clock = at.toLocaleTimeString("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      ...(incrementS < 60 ? { second: "2-digit" } : {}),
    });
    return sameDay ? clock : at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  });
}

function look(): uPlot.Axis {
  return {
    stroke: cssVariable("--text-muted"),
    font: `11px ${cssVariable("--font")}`,
    gap: 4,
    grid: { stroke: cssVariable("--border"), width: 1 },
    ticks: { show: false },
  };
}

function textWidth(chart: uPlot, label: string): number {
  return chart.ctx.measureText(label).width / devicePixelRatio;
}
