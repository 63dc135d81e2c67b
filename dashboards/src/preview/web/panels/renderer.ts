import type { Mark } from "../annotations.ts";
import type { Panel } from "../model.ts";
import type { PanelData } from "../panelData.ts";

/** What a panel's drawing can tell the page. */
export type PanelEvents = {
  /** A range was dragged out, in epoch milliseconds. */
  readonly onZoom: (fromMs: number, toMs: number) => void;
};

/** Draws a kind of panel into an element, again and again. */
export type Renderer = {
  draw(data: PanelData, marks: readonly Mark[]): void;
  destroy(): void;
};

export type CreateRenderer = (body: HTMLElement, panel: Panel, events: PanelEvents) => Renderer;
