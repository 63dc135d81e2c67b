import { byId, h } from "../dom.ts";
import type { Dashboard, VariableModel } from "../model.ts";
import { applyTheme, currentTheme } from "../theme.ts";
import { type ViewState, viewAddress } from "../viewState.ts";
import { refreshMenu, timeMenu } from "./timeMenu.ts";
import { variableMenu } from "./variableMenu.ts";

/** What a dashboard is called in the list of dashboards. */
export type DashboardSummary = { readonly uid: string; readonly title: string };

export type ToolbarOptions = {
  readonly dashboards: readonly DashboardSummary[];
  readonly dashboard: Dashboard;
  readonly state: ViewState;
  readonly variables: readonly { readonly variable: VariableModel; readonly values: readonly string[] }[];
  readonly change: (change: Partial<ViewState>) => void;
  readonly redraw: () => void;
};

/** Draws the tabs of the dashboards, the variables, and the controls of time and theme. */
export function drawToolbar({ dashboards, dashboard, state, variables, change, redraw }: ToolbarOptions): void {
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
    ...variables.map(({ variable, values }) =>
      variableMenu(variable, values, state.selection[variable.name], (chosen) => {
        const { [variable.name]: _, ...others } = state.selection;
        change({ selection: chosen === undefined ? others : { ...others, [variable.name]: chosen } });
      }),
    ),
  );
  byId("controls").replaceChildren(
    timeMenu(state.range, (range) => change({ range })),
    refreshMenu(state.refresh, dashboard.timepicker?.refresh_intervals ?? [], (refresh) => change({ refresh })),
    themeButton(redraw),
  );
}

function themeButton(redraw: () => void): HTMLElement {
  const other = currentTheme() === "dark" ? "light" : "dark";
  const button = h("button", { type: "button", className: "tool", title: `Switch to ${other}`, id: "theme" }, "◐");
  button.addEventListener("click", () => {
    applyTheme(other);
    redraw();
  });
  return button;
}
