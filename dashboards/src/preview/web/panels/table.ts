import { color } from "../colors.ts";
import { h } from "../dom.ts";
import { isColored, thresholdColor, unitOf } from "../fieldConfig.ts";
import type { Panel } from "../model.ts";
import { formatValue } from "../units.ts";
import type { CreateRenderer } from "./renderer.ts";

/** Draws the rows of an instant query. Columns that are empty in every row are left out. */
export const table: CreateRenderer = (body, panel) => {
  body.classList.add("table");
  return {
    draw: ({ table: { columns, rows } }) => {
      const used = columns.map((_, index) => rows.some((row) => row[index] !== ""));
      const visible = <T>(cells: readonly T[]) => cells.filter((_, index) => used[index]);
      body.replaceChildren(
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...visible(columns).map((title) => h("th", {}, title)))),
          h(
            "tbody",
            {},
            ...rows.map((row) =>
              h("tr", {}, ...visible(row.map((value, index) => cell(panel, columns[index] ?? "", value)))),
            ),
          ),
        ),
      );
    },
    destroy: () => undefined,
  };
};

function cell(panel: Panel, column: string, value: string | number): HTMLElement {
  if (typeof value === "string") return h("td", { data: { value } }, value);
  const element = h("td", { className: "number" }, formatValue(value, unitOf(panel, column)));
  if (isColored(panel, column)) element.style.color = color(thresholdColor(panel, value, column));
  return element;
}
