import type { Dashboard, VariableModel } from "../data/model.ts";
import { QUICK_RANGES, rangeLabel } from "../data/timeRange.ts";
import { byId, h } from "../dom.ts";
import { applyTheme, currentTheme } from "./theme.ts";
import { type ViewState, viewAddress } from "./viewState.ts";

/** A dashboard in the list of dashboards. */
export type DashboardSummary = { readonly uid: string; readonly title: string };

export type ToolbarOptions = {
  readonly dashboards: readonly DashboardSummary[];
  readonly dashboard: Dashboard;
  readonly state: ViewState;
  readonly variables: readonly { readonly variable: VariableModel; readonly values: readonly string[] }[];
  readonly change: (change: Partial<ViewState>) => void;
  readonly redraw: () => void;
};

type Choice = { readonly value: string; readonly text: string };
const ALL: Choice = { value: "", text: "All" };

/** Draws the tabs of the dashboards, the variables, and the menus for time and theme. */
export function drawToolbar({ dashboards, dashboard, state, variables, change, redraw }: ToolbarOptions): void {
  const { range, refresh, selection } = state;
  byId("tabs").replaceChildren(
    ...dashboards.map(({ uid, title }) =>
      h(
        "a",
        {
          href: viewAddress({ ...state, uid, viewPanel: undefined }),
          className: uid === state.uid ? "tab current" : "tab",
          data: { navigate: "", uid },
        },
        title.split(" / ").at(-1) ?? title,
      ),
    ),
  );
  byId("variables").replaceChildren(
    ...variables.map(({ variable: { name, label = name }, values }) => {
      // Several values can only come from an address; they stay until another choice.
      const chosen = selection[name]?.join("|") ?? "";
      const choices = [ALL, ...values.map((value) => ({ value, text: value }))];
      return h(
        "label",
        { className: "variable" },
        label,
        menu(name, choices, { value: chosen, text: chosen }, (value) => {
          const { [name]: _, ...others } = selection;
          change({ selection: value === "" ? others : { ...others, [name]: [value] } });
        }),
      );
    }),
  );
  const ranges = QUICK_RANGES.map(({ label, from }) => ({ value: from, text: `Last ${label}` }));
  const ranged = { value: range.to === "now" ? range.from : "", text: rangeLabel(range) };
  const intervals = (dashboard.timepicker?.refresh_intervals ?? []).map((value) => ({ value, text: `every ${value}` }));
  const other = currentTheme() === "dark" ? "light" : "dark";
  const label = `Switch to ${other}`;
  byId("controls").replaceChildren(
    menu("time", ranges, ranged, (from) => change({ range: { from, to: "now" } })),
    menu("refresh", [{ value: "", text: "no refresh" }, ...intervals], { value: refresh, text: refresh }, (value) =>
      change({ refresh: value }),
    ),
    h(
      "button",
      {
        ...{ type: "button", className: "tool", id: "theme", title: label, ariaLabel: label },
        onclick: () => {
          applyTheme(other);
          redraw();
        },
      },
      "◐",
    ),
  );
}

/** A list to choose from; it has the chosen value even if that is not offered. */
function menu(name: string, choices: readonly Choice[], chosen: Choice, choose: (value: string) => void): HTMLElement {
  const all = choices.some(({ value }) => value === chosen.value) ? choices : [...choices, chosen];
  const select = h(
    "select",
    { className: "tool", ariaLabel: name, data: { menu: name } },
    ...all.map(({ value, text }) => h("option", { value, selected: value === chosen.value }, text)),
  );
  select.addEventListener("change", () => choose(select.value));
  return select;
}
