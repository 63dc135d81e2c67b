import uPlot from "uplot";
import type { TimeGrid } from "../data/frames.ts";
import { h } from "../dom.ts";
import type { PanelEvents } from "./renderer.ts";
import { hideTooltip, showTooltip, type TooltipLine } from "./tooltip.ts";

/** Charts with this key share the cursor. */
const SYNC_KEY = "dashboard";
const LEAST_ZOOM_PX = 5;
const KEY_STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

/** The content of a plot. */
export type Drawing = Pick<uPlot.Options, "axes" | "series" | "bands" | "hooks"> & {
  readonly grid: TimeGrid;
  readonly y: uPlot.Scale;
  readonly data: uPlot.AlignedData;
  /** The picture in words, for screen readers. */
  readonly summary: string;
  /** The values at a sample's index. */
  readonly at: (index: number, chart: uPlot) => readonly TooltipLine[];
};

/** A chart over time. It is redrawn with each result, read by mouse and arrow keys, and zoomed by dragging. */
export class Plot {
  readonly element = h("div", {
    ...{
      className: "plot",
      role: "img",
      ariaLabel: "Nothing drawn yet",
      tabIndex: 0,
      onmouseleave: hideTooltip,
      onblur: hideTooltip,
    },
    onkeydown: ({ key }) => this.#moveCursor(KEY_STEPS[key] ?? 0),
  });
  readonly #events: PanelEvents;
  readonly #resize = new ResizeObserver(() => this.#chart?.setSize(this.#size()));
  #chart: uPlot | undefined;

  constructor(events: PanelEvents) {
    this.#events = events;
    this.#resize.observe(this.element);
  }

  draw({ grid, y, data, summary, at, hooks, ...options }: Drawing): void {
    this.#chart?.destroy();
    this.element.ariaLabel = summary;
    this.#chart = new uPlot(
      {
        ...this.#size(),
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: SYNC_KEY }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
        scales: { x: { time: true, range: [grid.fromS, grid.toS] }, y },
        ...options,
        hooks: {
          ...hooks,
          setCursor: [(chart) => this.#point(chart, at)],
          setSelect: [
            ({ select: { left, width }, posToVal }) => {
              if (width < LEAST_ZOOM_PX) return;
              this.#events.onZoom(posToVal(left, "x") * 1000, posToVal(left + width, "x") * 1000);
            },
          ],
        },
      },
      data,
      this.element,
    );
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#chart?.destroy();
  }

  #size() {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  #moveCursor(step: number): void {
    const times = this.#chart?.data[0] ?? [];
    if (this.#chart === undefined || step === 0) return;
    const index = Math.min(Math.max((this.#chart.cursor.idx ?? times.length) + step, 0), times.length - 1);
    this.#chart.setCursor({ left: this.#chart.valToPos(times[index] ?? 0, "x"), top: 0 });
  }

  #point(chart: uPlot, at: Drawing["at"]): void {
    const { idx, left = -1, top = 0 } = chart.cursor;
    const pointed = chart.over.matches(":hover") || document.activeElement === this.element;
    if (!pointed || idx === null || idx === undefined || left < 0) return;
    const clock = new Date((chart.data[0][idx] ?? 0) * 1000).toLocaleTimeString("en-GB");
    showTooltip(chart.rect.left + left, chart.rect.top + top, clock, at(idx, chart));
  }
}
