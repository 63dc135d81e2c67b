import type { Mark } from "../data/annotations.ts";
import { interpolate } from "../data/interpolate.ts";
import { type Panel, queriesOf, scrapesPerStep } from "../data/model.ts";
import { isEmpty, loadPanel, type QueryContext } from "../data/panelData.ts";
import { sampling } from "../data/step.ts";
import { h } from "../dom.ts";
import { RENDERERS } from "../panels/index.ts";
import type { PanelEvents, Renderer } from "../panels/renderer.ts";
import { description } from "./description.ts";

/** What a panel's frame needs besides the panel. */
export type PanelViewOptions = {
  readonly events: PanelEvents;
  /** Address that shows only this panel, or the whole dashboard if it is shown alone. */
  readonly focusHref: string;
  readonly focused: boolean;
  /** Prometheus' own pages, to examine a query. */
  readonly prometheusUrl: string;
};

/** One panel with its frame: title, information, links and chart. */
export class PanelView {
  readonly element: HTMLElement;
  readonly #panel: Panel;
  readonly #options: PanelViewOptions;
  readonly #info = h("div", { className: "panel-info" });
  readonly #note = h("div", { className: "panel-note", hidden: true });
  readonly #renderer: Renderer | undefined;

  constructor(panel: Panel, options: PanelViewOptions) {
    this.#panel = panel;
    this.#options = options;
    const body = h("div", { className: "panel-body" });
    this.element = h(
      "article",
      { className: "panel", data: { panelId: String(panel.id), type: panel.type, state: "loading" } },
      this.#header(),
      body,
      this.#note,
    );
    this.#renderer = RENDERERS[panel.type]?.(body, panel, options.events);
  }

  /** Runs the queries and draws; errors are shown in the panel. */
  async update(context: QueryContext, marks: readonly Mark[], signal: AbortSignal): Promise<void> {
    this.#info.replaceChildren(...description(this.#panel.description ?? ""), ...this.#queries(context));
    try {
      const data = await loadPanel(this.#panel, context, this.element.clientWidth, signal);
      this.#renderer?.draw(data, marks);
      this.#show(isEmpty(data) ? "empty" : "ok", isEmpty(data) ? "No data" : "");
    } catch (error) {
      if (signal.aborted) return;
      this.#show("error", error instanceof Error ? error.message : String(error));
    }
  }

  /** Frees the resources of the drawing. */
  destroy(): void {
    this.#renderer?.destroy();
  }

  #show(state: "ok" | "empty" | "error", note: string): void {
    this.element.dataset.state = state;
    this.#note.textContent = note;
    this.#note.hidden = note === "";
  }

  #header(): HTMLElement {
    const { focusHref, focused } = this.#options;
    return h(
      "header",
      {},
      h("a", { className: "panel-title", href: focusHref, data: { navigate: "" } }, this.#panel.title ?? ""),
      h(
        "div",
        { className: "panel-tools" },
        h(
          "details",
          { className: "panel-details", name: "panel-details" },
          h(
            "summary",
            { className: "panel-tool about", title: "What this shows", ariaLabel: `About ${this.#panel.title}` },
            "i",
          ),
          this.#info,
        ),
        h(
          "a",
          {
            className: "panel-tool focus",
            href: focusHref,
            title: focused ? "Back to the dashboard" : "Fill the page",
            data: { navigate: "" },
          },
          focused ? "✕" : "⤢",
        ),
      ),
    );
  }

  #queries(context: QueryContext): HTMLElement[] {
    const stepMs = context.scrapeIntervalMs * scrapesPerStep(this.#panel);
    const sampled = sampling(context.interval, this.element.clientWidth, stepMs);
    return queriesOf(this.#panel)
      .slice(0, 4)
      .map(({ expr }) => {
        const query = interpolate(expr, context.selection, context.allValues, sampled);
        const params = new URLSearchParams({ "g0.expr": query, "g0.tab": "0" });
        const href = `${this.#options.prometheusUrl}/graph?${params}`;
        return h(
          "a",
          { className: "query", href, target: "_blank", rel: "noreferrer", title: "Open in Prometheus" },
          query,
        );
      });
  }
}
