import { h } from "../dom.ts";

/** One line of a tooltip. */
export type TooltipLine = { readonly color: string; readonly name: string; readonly value: string };

const GAP_PX = 14;
const MAX_LINES = 12;

/** One tooltip for the page; panels share it. */
const element = h("div", { className: "tooltip", hidden: true, role: "status" });

/** Shows the tooltip beside a point of the window. */
export function showTooltip(x: number, y: number, title: string, lines: readonly TooltipLine[]): void {
  if (!element.isConnected) document.body.append(element);
  element.replaceChildren(
    h("div", { className: "tooltip-title" }, title),
    ...lines.slice(0, MAX_LINES).map((line) => {
      const swatch = h("span", { className: "swatch" });
      swatch.style.background = line.color;
      return h("div", { className: "tooltip-line" }, swatch, h("span", {}, line.name), h("b", {}, line.value));
    }),
  );
  element.hidden = false;
  const { width, height } = element.getBoundingClientRect();
  const left = x + GAP_PX + width > innerWidth ? x - GAP_PX - width : x + GAP_PX;
  element.style.left = `${Math.max(0, left)}px`;
  element.style.top = `${Math.max(0, Math.min(y + GAP_PX, innerHeight - height - GAP_PX))}px`;
}

/** The content of a picture as a sentence, for screen readers. */
export function inWords(title: string | undefined, lines: readonly TooltipLine[]): string {
  return `${title}, at the end: ${lines.map(({ name, value }) => `${name} ${value}`).join(", ") || "no data"}`;
}

/** Hides the tooltip. */
export function hideTooltip(): void {
  element.hidden = true;
}
