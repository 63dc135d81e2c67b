import uPlot from "uplot";
import { h } from "../dom.ts";
import { color, paint, translucent } from "../field/colors.ts";
import { display, fieldOf } from "../field/fieldConfig.ts";
import type { CreateRenderer } from "./renderer.ts";

/** Draws the value now in the colour of its threshold, over its recent course. */
export const stat: CreateRenderer = (body, panel) => {
  const value = h("div", { className: "stat-value" });
  const course = h("div", { className: "stat-course" });
  body.classList.add("stat");
  body.append(course, value);
  const withCourse = (panel.options as { graphMode?: string })?.graphMode !== "none";
  let chart: uPlot | undefined;

  return {
    draw: ({ frame, now: [answer] }) => {
      const [series] = frame.series;
      const field = fieldOf(panel);
      const now = answer?.[0]?.value ?? Number.NaN;
      const { text, color: name } = display(field, now);
      const shown = color(name);
      value.textContent = text;
      paint(value, name);
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
          series: [{}, { stroke: shown, width: 1.5, fill: translucent(shown, 0.2), points: { show: false } }],
        },
        // The value now is the last point, as in Grafana.
        [[...frame.timesS], series.values.with(-1, Number.isNaN(now) ? null : now)],
        course,
      );
    },
    destroy: () => chart?.destroy(),
  };
};
