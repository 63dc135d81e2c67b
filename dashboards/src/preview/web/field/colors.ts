const SERIES_COLORS = 8;

/** The value of a colour name in the current theme. */
export function color(name: string | undefined): string {
  return cssVariable(`--color-${name ?? "text"}`) || cssVariable("--color-text");
}

/** Colour of the n-th series of a panel. */
export function seriesColor(index: number): string {
  return cssVariable(`--series-${(index % SERIES_COLORS) + 1}`);
}

/** A colour with the given opacity, 0 to 1. */
export function translucent(value: string, opacity: number): string {
  return `color-mix(in srgb, ${value} ${Math.round(opacity * 100)}%, transparent)`;
}

/** The value of a custom property of the page. */
export function cssVariable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
