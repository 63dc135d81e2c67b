import type { Mark } from "./annotations.ts";
import { description } from "./description.ts";
import { h } from "./dom.ts";
import { interpolate } from "./interpolate.ts";
import { type Panel, queriesOf } from "./model.ts";
import { isEmpty, loadPanel, type QueryContext } from "./panelData.ts";
import { RENDERERS } from "./panels/index.ts";
import type { PanelEvents, Renderer } from "./panels/renderer.ts";
import { sampling } from "./step.ts";

/** What a panel's frame needs beside the panel. */
export type PanelViewOptions = {
  readonly events: PanelEvents;
  /** Address that shows this panel alone, or the whole dashboard where it is alone. */
  readonly focusHref: string;
  readonly focused: boolean;
  /** Prometheus's own pages, for a closer look at a query. */
  readonly prometheusUrl: string;
};

/** One panel with its frame: title, information, links, and what is drawn in it. */
export class PanelView {
  readonly element: HTMLElement;
  readonly #panel: Panel;
  readonly #options: PanelViewOptions;
  readonly #status = h("span", { className: "panel-status" });
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

  /** Asks and draws; what goes wrong is shown in the panel. */
  async update(context: QueryContext, marks: readonly Mark[], signal: AbortSignal): Promise<void> {
    this.#info.replaceChildren(...description(this.#panel.description ?? ""), ...this.#queries(context));
    this.#status.classList.add("busy");
    try {
      const data = await loadPanel(this.#panel, context, this.element.clientWidth, signal);
      this.#renderer?.draw(data, marks);
      this.#show(isEmpty(data) ? "empty" : "ok", isEmpty(data) ? "No data" : "");
    } catch (error) {
      if (signal.aborted) return;
      this.#show("error", error instanceof Error ? error.message : String(error));
    } finally {
      this.#status.classList.remove("busy");
    }
  }

  /** Frees what the drawing holds. */
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
      this.#status,
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
    const sampled = sampling(context.interval, this.element.clientWidth, context.scrapeIntervalMs);
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
