import type { Selection } from "../data/interpolate.ts";
import type { TimeRange } from "../data/timeRange.ts";

/** The state of the page, all of it in the address in Grafana's notation, so that links work in both. */
export type ViewState = {
  readonly uid: string;
  readonly range: TimeRange;
  /** `15s`, or empty for no refresh. */
  readonly refresh: string;
  readonly selection: Selection;
  /** The panel that fills the page. */
  readonly viewPanel: number | undefined;
};

/** Defaults for what the address leaves out. */
export type ViewDefaults = { readonly range: TimeRange; readonly refresh: string };

const VARIABLE_PREFIX = "var-";
const ALL = ["All", "$__all"];

/** Reads an address. */
export function parseView(path: string, search: string, defaults: ViewDefaults, firstUid: string): ViewState {
  const params = new URLSearchParams(search);
  const selection: Record<string, readonly string[]> = {};
  for (const key of new Set(params.keys())) {
    if (!key.startsWith(VARIABLE_PREFIX)) continue;
    const values = params.getAll(key).filter((value) => value !== "");
    if (values.length > 0 && !values.some((value) => ALL.includes(value))) {
      selection[key.slice(VARIABLE_PREFIX.length)] = values;
    }
  }
  const viewPanel = Number((params.get("viewPanel") ?? "").replace(/^panel-/, ""));
  return {
    uid: /^\/d\/([\w-]+)/.exec(path)?.[1] ?? firstUid,
    range: { from: params.get("from") ?? defaults.range.from, to: params.get("to") ?? defaults.range.to },
    refresh: params.get("refresh") ?? defaults.refresh,
    selection,
    viewPanel: Number.isInteger(viewPanel) && viewPanel > 0 ? viewPanel : undefined,
  };
}

/** Writes an address that {@link parseView} reads back. */
export function viewAddress(state: ViewState): string {
  const params = new URLSearchParams({ from: state.range.from, to: state.range.to, refresh: state.refresh });
  for (const [name, values] of Object.entries(state.selection)) {
    for (const value of values ?? []) params.append(`${VARIABLE_PREFIX}${name}`, value);
  }
  if (state.viewPanel !== undefined) params.set("viewPanel", String(state.viewPanel));
  return `/d/${state.uid}?${params}`;
}
