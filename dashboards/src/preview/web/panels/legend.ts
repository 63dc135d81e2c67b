import { h } from "../dom.ts";

/** One series in a legend. */
export type LegendItem = { readonly name: string; readonly color: string };

/** The names of the series; a click hides or shows one. */
export function legend(items: readonly LegendItem[], hidden: ReadonlySet<string>, toggle: (name: string) => void) {
  return h(
    "div",
    { className: "legend" },
    ...items.map(({ name, color }) => {
      const swatch = h("span", { className: "swatch" });
      swatch.style.background = color;
      return h(
        "button",
        {
          type: "button",
          className: hidden.has(name) ? "legend-item off" : "legend-item",
          title: hidden.has(name) ? `Show ${name}` : `Hide ${name}`,
          onclick: () => toggle(name),
        },
        swatch,
        name,
      );
    }),
  );
}
