import type { Panel, Section } from "../data/model.ts";
import { h } from "../dom.ts";
import type { PanelView } from "./panelView.ts";

/** Lays panels out under their headings, on the dashboard's grid. */
export function sectionElements(sections: readonly Section[], view: (panel: Panel) => PanelView): HTMLElement[] {
  return sections.map((section) =>
    h(
      "details",
      { className: "section", open: true },
      h("summary", {}, section.title),
      h(
        "div",
        { className: "grid" },
        ...section.panels.map((panel) => placed(view(panel).element, panel, section.top)),
      ),
    ),
  );
}

function placed(element: HTMLElement, panel: Panel, top: number): HTMLElement {
  const { x, y, w, h: height } = panel.gridPos ?? { x: 0, y: top, w: 24, h: 8 };
  element.style.setProperty("--column", `${x + 1} / span ${w}`);
  element.style.setProperty("--row", `${y - top + 1} / span ${height}`);
  element.style.setProperty("--rows", String(height));
  return element;
}
