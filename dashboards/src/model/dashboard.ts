import type { PanelSpec } from "./panel.ts";

/** A panel with its share of the row's width, unless all are equal. */
export type Cell = PanelSpec | { readonly panel: PanelSpec; readonly weight: number };

/** Panels side by side. */
export type Row = readonly [Cell, ...Cell[]];

/** Rows under one heading. */
export type Section = { readonly title: string; readonly rows: readonly Row[] };

/** One dashboard, independent of its format. */
export type DashboardSpec = {
  /** Also the name of its file and of its resource; its address is `/d/<uid>`. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly sections: readonly Section[];
};

/** The panel of a cell. */
export function panelOf(cell: Cell): PanelSpec {
  return "panel" in cell ? cell.panel : cell;
}

/** All panels of a dashboard in reading order. */
export function panelsOf(dashboard: DashboardSpec): PanelSpec[] {
  return dashboard.sections.flatMap((section) => section.rows.flatMap((row) => row.map(panelOf)));
}
