import type { DashboardSpec, Row, Section } from "./dashboard.ts";
import { panelOf } from "./dashboard.ts";
import type { PanelSpec } from "./panel.ts";

/** Columns of Grafana's grid. */
export const GRID_COLUMNS = 24;
/** Height of a section's heading in grid rows. */
export const HEADING_HEIGHT = 1;
/** Height of a row of a state timeline in grid rows. */
const ROW_HEIGHT = 0.7;

/** A position on the grid, in grid units. */
export type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
export type PlacedPanel = { readonly panel: PanelSpec; readonly place: Place };
export type PlacedSection = {
  readonly title: string;
  readonly heading: Place;
  readonly panels: readonly PlacedPanel[];
};

/** Places all panels of a dashboard, top to bottom, each row as wide as the grid. */
export function place(dashboard: DashboardSpec): PlacedSection[] {
  const sections: PlacedSection[] = [];
  let y = 0;
  for (const section of dashboard.sections) {
    const heading = { x: 0, y, w: GRID_COLUMNS, h: HEADING_HEIGHT };
    const panels = placeSection(section, y + HEADING_HEIGHT);
    sections.push({ title: section.title, heading, panels });
    y += HEADING_HEIGHT + section.rows.reduce((total, row) => total + rowHeight(row), 0);
  }
  return sections;
}

function placeSection(section: Section, top: number): PlacedPanel[] {
  let y = top;
  return section.rows.flatMap((row) => {
    const placed = placeRow(row, y);
    y += rowHeight(row);
    return placed;
  });
}

/** Widths in proportion to the weights; edges are rounded, so that a row has neither gap nor overlap. */
function placeRow(row: Row, y: number): PlacedPanel[] {
  const weights = row.map((cell) => ("panel" in cell ? cell.weight : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const edge = (index: number) =>
    Math.round((GRID_COLUMNS * weights.slice(0, index).reduce((sum, weight) => sum + weight, 0)) / total);
  return row.map((cell, index) => ({
    panel: panelOf(cell),
    place: { x: edge(index), y, w: edge(index + 1) - edge(index), h: rowHeight(row) },
  }));
}

function rowHeight(row: Row): number {
  return Math.max(...row.map((cell) => naturalHeight(panelOf(cell))));
}

/** Readable height of a panel of its kind, in grid units of 38 px. */
function naturalHeight(panel: PanelSpec): number {
  switch (panel.kind) {
    case "stat":
      return 4;
    case "state-timeline":
      return Math.max(4, Math.ceil((panel.rows ?? panel.series.length) * ROW_HEIGHT) + 2);
    case "table":
      return 8;
    default:
      return 8;
  }
}
