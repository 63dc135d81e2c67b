import uPlot from "uplot";
import { color, translucent } from "../colors.ts";
import { h } from "../dom.ts";
import { mapped, thresholdColor, unitOf } from "../fieldConfig.ts";
import { lastValue } from "../frames.ts";
import { formatValue } from "../units.ts";
import type { CreateRenderer } from "./renderer.ts";

/** Draws the last value in the colour of its threshold, over its recent course. */
export const stat: CreateRenderer = (body, panel) => {
  const value = h("div", { className: "stat-value" });
  const course = h("div", { className: "stat-course" });
  body.classList.add("stat");
  body.append(course, value);
  const withCourse = (panel.options as { graphMode?: string })?.graphMode !== "none";
  let chart: uPlot | undefined;

  return {
    draw: ({ frame }) => {
      const [series] = frame.series;
      const last = series && lastValue(series);
      const word = last === undefined ? undefined : mapped(panel, last);
      const shown = color(word?.color ?? (last === undefined ? undefined : thresholdColor(panel, last)));
      value.textContent = word?.text ?? formatValue(last, unitOf(panel), panel.fieldConfig?.defaults.decimals);
      value.style.color = shown;
      chart?.destroy();
      chart = undefined;
      if (!withCourse || series === undefined) return;
      chart = new uPlot(
        {
          width: course.clientWidth,
          height: course.clientHeight,
          padding: [4, 0, 0, 0],
          legend: { show: false },
          cursor: { show: false },
          axes: [{ show: false }, { show: false }],
          scales: { x: { time: true }, y: { range: (_, min, max) => (min === max ? [min - 1, max + 1] : [min, max]) } },
          series: [{}, { stroke: shown, width: 1.5, fill: translucent(shown, 0.18), points: { show: false } }],
        },
        [[...frame.timesS], [...series.values]],
        course,
      );
    },
    destroy: () => chart?.destroy(),
  };
};
