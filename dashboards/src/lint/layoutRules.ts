import type { Dashboard, GridPos } from "@grafana/grafana-foundation-sdk/dashboard";
import { GRID_COLUMNS } from "../model/layout.ts";
import type { Rule } from "./rule.ts";

/** Rules on the positions of panels. */
export const LAYOUT_RULES: readonly Rule[] = [
  { name: "grid-covered-once", check: (dashboard) => cellProblems(dashboard) },
  {
    name: "unique-panel-ids",
    check: (dashboard) => {
      const ids = (dashboard.panels ?? []).map((panel) => panel.id);
      return ids
        .filter((id, index) => id === undefined || ids.indexOf(id) !== index)
        .map((id) => `id ${id} is not its own`);
    },
  },
  {
    name: "no-database-id",
    check: (dashboard) => ("id" in dashboard ? ["has a database id, which belongs to one Grafana"] : []),
  },
];

/** Every cell of the grid down to the last row is covered exactly once. */
function cellProblems(dashboard: Dashboard): string[] {
  const places = (dashboard.panels ?? []).map((panel) => panel.gridPos ?? { x: 0, y: 0, w: 0, h: 0 });
  const bottom = Math.max(0, ...places.map((at) => at.y + at.h));
  const covered = new Map<number, number>();
  for (const cell of places.flatMap(cellsOf)) covered.set(cell, (covered.get(cell) ?? 0) + 1);
  const problems: string[] = [];
  for (let cell = 0; cell < bottom * GRID_COLUMNS; cell += 1) {
    const times = covered.get(cell) ?? 0;
    if (times === 1) continue;
    problems.push(`column ${cell % GRID_COLUMNS}, row ${Math.floor(cell / GRID_COLUMNS)} is covered ${times} times`);
  }
  if (places.some((at) => at.x + at.w > GRID_COLUMNS)) problems.push("a panel reaches over the right edge");
  return problems;
}

function cellsOf({ x, y, w, h }: GridPos): number[] {
  return Array.from({ length: w * h }, (_, index) => (y + Math.floor(index / w)) * GRID_COLUMNS + x + (index % w));
}
