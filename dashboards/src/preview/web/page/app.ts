import { loadMarks, type Mark } from "../data/annotations.ts";
import { type Dashboard, type Panel, panelById, sectionsOf } from "../data/model.ts";
import type { QueryContext } from "../data/panelData.ts";
import type { Prometheus } from "../data/prometheus.ts";
import { durationMs, resolveRange } from "../data/timeRange.ts";
import { allValuesOf, queryVariables, valuesOf } from "../data/variables.ts";
import { byId, h } from "../dom.ts";
import { hideTooltip } from "../panels/tooltip.ts";
import { sectionElements } from "./grid.ts";
import { PanelView } from "./panelView.ts";
import { type DashboardSummary, drawToolbar } from "./toolbar.ts";
import { parseView, type ViewState, viewAddress } from "./viewState.ts";

const DEFAULT_SCRAPE_INTERVAL_MS = 15_000;

/** What the server reports about itself. */
export type Config = { readonly prometheusUrl: string; readonly job: string };

export type AppDeps = {
  readonly prometheus: Prometheus;
  readonly config: Config;
  readonly dashboards: readonly DashboardSummary[];
  readonly loadDashboard: (uid: string) => Promise<Dashboard>;
};

/** The page: one dashboard at a time, kept up to date. */
export class App {
  readonly #deps: AppDeps;
  #dashboard: Dashboard | undefined;
  #state: ViewState | undefined;
  #views: PanelView[] = [];
  #round: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #scrapeIntervalMs = DEFAULT_SCRAPE_INTERVAL_MS;

  constructor(deps: AppDeps) {
    this.#deps = deps;
  }

  /** Shows the dashboard of the address, or what is wrong with the address. */
  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  async #open(): Promise<void> {
    const first = this.#deps.dashboards[0]?.uid ?? "";
    const uid = parseView(location.pathname, "", { range: { from: "", to: "" }, refresh: "" }, first).uid;
    const dashboard = await this.#deps.loadDashboard(uid);
    const defaults = { range: dashboard.time ?? { from: "now-1h", to: "now" }, refresh: dashboard.refresh ?? "" };
    this.#dashboard = dashboard;
    this.#state = parseView(location.pathname, location.search, defaults, first);
    resolveRange(this.#state.range, Date.now());
    document.title = `${dashboard.title} · preview`;
    this.#build();
    await this.refresh();
  }

  #fail(message: string): void {
    const links = this.#deps.dashboards.map(({ uid, title }) =>
      h("p", {}, h("a", { className: "value-link", href: `/d/${uid}`, data: { navigate: "" } }, title)),
    );
    clearTimeout(this.#timer);
    this.#round?.abort();
    byId("dashboard").replaceChildren(h("p", { className: "problem", role: "alert" }, message), ...links);
    this.#report(false, "");
  }

  /** Goes to an address of this page. */
  async navigate(href: string): Promise<void> {
    history.pushState(null, "", href);
    await this.open();
  }

  /** Draws everything again, with what changed in the theme. */
  redraw(): void {
    this.#build();
    void this.refresh();
  }

  /** Runs every query once, and again after the refresh interval. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#round?.abort();
    const round = new AbortController();
    this.#round = round;
    const { signal } = round;
    const dashboard = this.#dashboard;
    const state = this.#state;
    if (dashboard === undefined || state === undefined) return;
    this.#scrapeIntervalMs = await this.#scrapeInterval(signal);
    const context = this.#context(dashboard, state);
    try {
      const [marks] = await Promise.all([loadMarks(dashboard, context, signal), this.#drawVariables(context, signal)]);
      await this.#drawPanels(context, marks, signal);
      if (!signal.aborted) this.#report(true, `updated ${new Date().toLocaleTimeString("en-GB")}`);
    } catch (error) {
      if (signal.aborted) return;
      await this.#drawPanels(context, [], signal);
      this.#report(false, error instanceof Error ? error.message : String(error));
    }
    const everyMs = durationMs(state.refresh);
    if (everyMs !== undefined && !signal.aborted) this.#timer = setTimeout(() => void this.#refreshIfSeen(), everyMs);
  }

  /** A hidden page sends no requests. */
  async #refreshIfSeen(): Promise<void> {
    if (!document.hidden) return this.refresh();
    document.addEventListener("visibilitychange", () => void this.refresh(), { once: true });
  }

  async #drawPanels(context: QueryContext, marks: readonly Mark[], signal: AbortSignal): Promise<void> {
    await Promise.all(this.#views.map((view) => view.update(context, marks, signal)));
  }

  async #drawVariables(context: QueryContext, signal: AbortSignal): Promise<void> {
    const dashboard = this.#dashboard;
    const state = this.#state;
    if (dashboard === undefined || state === undefined) return;
    const variables = await Promise.all(
      queryVariables(dashboard).map(async (variable) => ({
        variable,
        values: await valuesOf(variable, context, signal),
      })),
    );
    // A menu in use is not redrawn.
    if (signal.aborted || document.activeElement instanceof HTMLSelectElement) return;
    drawToolbar({ ...this.#toolbar(dashboard, state), variables });
  }

  #toolbar(dashboard: Dashboard, state: ViewState) {
    return {
      dashboards: this.#deps.dashboards,
      dashboard,
      state,
      change: (change: Partial<ViewState>) => void this.navigate(viewAddress({ ...state, ...change })),
      redraw: () => this.redraw(),
    };
  }

  #build(): void {
    const dashboard = this.#dashboard;
    const state = this.#state;
    if (dashboard === undefined || state === undefined) return;
    hideTooltip();
    for (const view of this.#views) view.destroy();
    this.#views = [];
    const variables = queryVariables(dashboard).map((variable) => ({ variable, values: [] }));
    drawToolbar({ ...this.#toolbar(dashboard, state), variables });
    const focused = state.viewPanel === undefined ? undefined : panelById(dashboard, state.viewPanel);
    const main = byId("dashboard");
    main.className = focused === undefined ? "" : "focused";
    main.replaceChildren(
      ...(focused === undefined
        ? sectionElements(sectionsOf(dashboard), (panel) => this.#view(panel, state, false))
        : [this.#view(focused, state, true).element]),
    );
  }

  #view(panel: Panel, state: ViewState, focused: boolean): PanelView {
    const view = new PanelView(panel, {
      focused,
      focusHref: viewAddress({ ...state, viewPanel: focused ? undefined : panel.id }),
      prometheusUrl: this.#deps.config.prometheusUrl,
      events: {
        onZoom: (fromMs, toMs) => {
          const range = { from: String(Math.round(fromMs)), to: String(Math.round(toMs)) };
          void this.navigate(viewAddress({ ...state, range }));
        },
      },
    });
    this.#views.push(view);
    return view;
  }

  #context(dashboard: Dashboard, state: ViewState): QueryContext {
    return {
      prometheus: this.#deps.prometheus,
      interval: resolveRange(state.range, Date.now()),
      scrapeIntervalMs: this.#scrapeIntervalMs,
      selection: state.selection,
      allValues: allValuesOf(dashboard),
    };
  }

  /** The scrape interval of the service: rates need a window of at least four. */
  async #scrapeInterval(signal: AbortSignal): Promise<number> {
    try {
      const intervals = await this.#deps.prometheus.scrapeIntervals(this.#deps.config.job, signal);
      const known = intervals.map(durationMs).filter((value) => value !== undefined);
      return known.length === 0 ? this.#scrapeIntervalMs : Math.min(...known);
    } catch {
      return this.#scrapeIntervalMs;
    }
  }

  #report(ok: boolean, text: string): void {
    const { prometheusUrl } = this.#deps.config;
    byId("status").replaceChildren(
      h("span", { className: ok ? "dot good" : "dot bad" }),
      h("a", { href: prometheusUrl, target: "_blank", rel: "noreferrer" }, new URL(prometheusUrl).host),
      h("span", {}, text),
    );
    byId("status").dataset.ok = String(ok);
  }
}
