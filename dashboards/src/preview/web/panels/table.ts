import { type Row, toTable } from "../data/frames.ts";
import type { Panel } from "../data/model.ts";
import { h } from "../dom.ts";
import { paint } from "../field/colors.ts";
import { display, fieldOf } from "../field/fieldConfig.ts";
import { linkList } from "../links.ts";
import type { CreateRenderer } from "./renderer.ts";

/** Draws the rows of an instant query. Columns that are empty in every row are left out. */
export const table: CreateRenderer = (body, panel) => {
  body.classList.add("table");
  // It may be wider than its panel, and is scrolled with the arrow keys.
  body.tabIndex = 0;
  return {
    draw: ({ now }) => {
      const { columns, rows } = toTable(panel, now);
      const visible = columns.filter(
        (title) => !fieldOf(panel, title).custom.hidden && rows.some((row) => row[title] !== ""),
      );
      body.replaceChildren(
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...visible.map((title) => h("th", {}, title)))),
          h("tbody", {}, ...rows.map((row) => h("tr", {}, ...visible.map((title) => cell(panel, title, row))))),
        ),
      );
    },
    destroy: () => undefined,
  };
};

function cell(panel: Panel, column: string, row: Row): HTMLElement {
  const field = fieldOf(panel, column);
  const value = row[column] ?? "";
  const { text, color: colorName } = display(field, value);
  const element = h(
    "td",
    { className: typeof value === "number" ? "number" : "" },
    ...linkList(text, field, { "__value.raw": value, ...prefixed(row) }),
  );
  if (field.custom.cellOptions?.type === "color-text") {
    paint(element, colorName);
  }
  return element;
}

/** The row's fields by the names in links. */
function prefixed(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [`__data.fields.${name}`, value]));
}
