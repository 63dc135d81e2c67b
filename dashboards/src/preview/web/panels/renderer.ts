import type { Mark } from "../data/annotations.ts";
import type { Panel } from "../data/model.ts";
import type { PanelData } from "../data/panelData.ts";

/** Events of a panel's drawing. */
export type PanelEvents = {
  /** A range was selected by dragging, in epoch milliseconds. */
  readonly onZoom: (fromMs: number, toMs: number) => void;
};

/** Draws a kind of panel into an element, repeatedly. */
export type Renderer = {
  draw(data: PanelData, marks: readonly Mark[]): void;
  destroy(): void;
};

export type CreateRenderer = (body: HTMLElement, panel: Panel, events: PanelEvents) => Renderer;
