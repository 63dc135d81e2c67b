import type { FrameSeries, TimeGrid } from "../data/frames.ts";
import type { Panel } from "../data/model.ts";
import { h } from "../dom.ts";
import { color, translucent } from "../field/colors.ts";
import { display, fieldOf } from "../field/fieldConfig.ts";
import { linkList } from "../links.ts";
import { timeLabels } from "./axes.ts";
import type { CreateRenderer } from "./renderer.ts";
import { hideTooltip, showTooltip, type TooltipLine } from "./tooltip.ts";

/** Width of a panel for each of its times, in px. The names of its rows take a part of it. */
const TICK_PX = 115;

/** Draws one row of coloured stretches for each series. */
export const stateTimeline: CreateRenderer = (body, panel) => {
  body.classList.add("timeline");
  body.addEventListener("mouseleave", hideTooltip);
  return {
    draw: ({ frame, grid }) => {
      const rows = frame.series.map((series) => {
        const states = stretches(series).map((stretch) => stateOf(panel, series.name, stretch, grid));
        return h(
          "div",
          { className: "timeline-row" },
          h(
            "span",
            { className: "timeline-name", title: series.name },
            ...linkList(series.name, fieldOf(panel, series.name), {}),
          ),
          h(
            "div",
            {
              className: "timeline-track",
              role: "img",
              ariaLabel: `${series.name}: ${states.map(({ name, value }) => `${value} ${name}`).join(", ") || "no data"}`,
              tabIndex: 0,
              onfocus: ({ currentTarget }) => {
                const { left, bottom } = (currentTarget as HTMLElement).getBoundingClientRect();
                showTooltip(left, bottom, series.name, states);
              },
              onblur: hideTooltip,
            },
            ...states.map((state) => bar(series.name, state, grid)),
          ),
        );
      });
      body.replaceChildren(h("div", { className: "timeline-rows" }, ...rows), timeScale(grid, body.clientWidth));
    },
    destroy: hideTooltip,
  };
};

/** Adjacent samples of one value; `from` and `to` are indexes of samples, `to` excluded. */
export type Stretch = { readonly from: number; readonly to: number; readonly value: number };

/** Merges equal adjacent samples; a missing sample ends a stretch. */
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

/** A stretch with its word, colours and times. */
type State = Pick<Stretch, "from" | "to"> & TooltipLine & { readonly fill: string; readonly ink: string };

function stateOf(panel: Panel, series: string, { from, to, value }: Stretch, { fromS, stepS }: TimeGrid): State {
  const field = fieldOf(panel, series);
  const { text, color: name } = display(field, value);
  const [swatch, ink] = [color(name), color(`on-${name}`)];
  const fill = translucent(swatch, (field.custom.fillOpacity ?? 100) / 100);
  const clock = (index: number) => new Date((fromS + index * stepS) * 1000).toLocaleTimeString("en-GB");
  return { from, to, fill, ink, color: swatch, name: `${clock(from)} to ${clock(to)}`, value: text };
}

function bar(series: string, state: State, { fromS, toS, stepS }: TimeGrid): HTMLElement {
  const samples = Math.round((toS - fromS) / stepS) + 1;
  const element = h("div", { className: "timeline-bar", data: { state: state.value } }, state.value);
  element.style.left = `${(100 * state.from) / samples}%`;
  element.style.width = `${(100 * (state.to - state.from)) / samples}%`;
  element.style.background = state.fill;
  element.style.color = state.ink;
  element.addEventListener("mousemove", ({ clientX, clientY }) => showTooltip(clientX, clientY, series, [state]));
  return element;
}

function timeScale({ fromS, toS }: TimeGrid, widthPx: number): HTMLElement {
  const steps = Math.min(3, Math.max(1, Math.floor(widthPx / TICK_PX) - 1));
  const incrementS = (toS - fromS) / steps;
  const times = Array.from({ length: steps + 1 }, (_, index) => fromS + index * incrementS);
  return h(
    "div",
    { className: "timeline-row timeline-scale" },
    h("span", { className: "timeline-name" }),
    h("div", { className: "timeline-ticks" }, ...timeLabels(times, incrementS).map((label) => h("span", {}, label))),
  );
}
