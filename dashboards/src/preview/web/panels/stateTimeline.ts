import { color } from "../colors.ts";
import { h } from "../dom.ts";
import { mapped, thresholdColor } from "../fieldConfig.ts";
import type { FrameSeries, TimeGrid } from "../frames.ts";
import type { Panel } from "../model.ts";
import { timeLabels } from "./axes.ts";
import type { CreateRenderer } from "./renderer.ts";
import { hideTooltip, showTooltip } from "./tooltip.ts";

const TICKS = 6;

/** Draws one row of coloured stretches for each series. */
export const stateTimeline: CreateRenderer = (body, panel) => {
  body.classList.add("timeline");
  body.addEventListener("mouseleave", hideTooltip);
  return {
    draw: ({ frame, grid }) => {
      const rows = frame.series.map((series) =>
        h(
          "div",
          { className: "timeline-row" },
          h("span", { className: "timeline-name", title: series.name }, series.name),
          h(
            "div",
            { className: "timeline-track" },
            ...stretches(series).map((it) => bar(panel, series.name, it, grid)),
          ),
        ),
      );
      body.replaceChildren(h("div", { className: "timeline-rows" }, ...rows), timeScale(grid));
    },
    destroy: hideTooltip,
  };
};

/** Neighbouring samples of one value; `from` and `to` are indexes of samples, `to` excluded. */
export type Stretch = { readonly from: number; readonly to: number; readonly value: number };

/** Merges equal neighbours; missing samples end a stretch. */
export function stretches(series: FrameSeries): Stretch[] {
  const found: { from: number; to: number; value: number }[] = [];
  series.values.forEach((value, index) => {
    const last = found.at(-1);
    if (value === null) return;
    if (last !== undefined && last.value === value && last.to === index) last.to = index + 1;
    else found.push({ from: index, to: index + 1, value });
  });
  return found;
}

function bar(panel: Panel, name: string, { from, to, value }: Stretch, grid: TimeGrid): HTMLElement {
  const samples = Math.round((grid.toS - grid.fromS) / grid.stepS) + 1;
  const word = mapped(panel, value);
  const shown = color(word?.color ?? thresholdColor(panel, value));
  const element = h("div", { className: "timeline-bar", data: { state: word?.text ?? String(value) } });
  element.style.left = `${(100 * from) / samples}%`;
  element.style.width = `${(100 * (to - from)) / samples}%`;
  element.style.background = shown;
  const clock = (index: number) => new Date((grid.fromS + index * grid.stepS) * 1000).toLocaleTimeString("en-GB");
  element.addEventListener("mousemove", (event) =>
    showTooltip(event.clientX, event.clientY, `${clock(from)} to ${clock(to)}`, [
      { color: shown, name, value: word?.text ?? String(value) },
    ]),
  );
  return element;
}

function timeScale({ fromS, toS }: TimeGrid): HTMLElement {
  const incrementS = (toS - fromS) / TICKS;
  const times = Array.from({ length: TICKS + 1 }, (_, index) => fromS + index * incrementS);
  return h(
    "div",
    { className: "timeline-row timeline-scale" },
    h("span", { className: "timeline-name" }),
    h("div", { className: "timeline-ticks" }, ...timeLabels(times, incrementS).map((label) => h("span", {}, label))),
  );
}
