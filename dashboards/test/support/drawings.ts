import type { Locator, Page } from "playwright-core";

/** A stroke or a fill of a canvas, in the order of drawing. */
export type Drawn = { readonly kind: "stroke" | "fill"; readonly style: string; readonly dash: string };

/** For the page, before its own scripts: each canvas keeps what was drawn since it was cleared. */
const RECORDER = `{
  const { prototype } = CanvasRenderingContext2D;
  const record = (method, kind) => {
    const draw = prototype[method];
    prototype[method] = function (...args) {
      const style = kind === "stroke" ? this.strokeStyle : this.fillStyle;
      this.canvas.drawn.push({ kind, style, dash: String(this.getLineDash()) });
      if (this.globalAlpha !== 1) throw new Error("the opacity of a drawing is part of its colour");
      return draw.apply(this, args);
    };
  };
  record("stroke", "stroke");
  record("fill", "fill");
  record("fillRect", "fill");
  HTMLCanvasElement.prototype.drawn = [];
  const clear = prototype.clearRect;
  prototype.clearRect = function (...args) {
    this.canvas.drawn = [];
    return clear.apply(this, args);
  };
}`;

/** Keeps what a page draws. */
export async function recordDrawings(page: Page): Promise<void> {
  await page.addInitScript({ content: RECORDER });
}

/** What the canvas of a panel shows; nothing without a canvas. */
export function drawings(panel: Locator): Promise<Drawn[]> {
  return panel
    .locator("canvas")
    .evaluateAll((all) => all.flatMap((one) => (one as unknown as { drawn: Drawn[] }).drawn));
}
