/** The value of a colour name in the current theme. */
export function color(name = "text"): string {
  return cssVariable(`--${name}`);
}

/** Gives an element an edge in a colour, and its text too if that is readable. */
export function paint({ style }: HTMLElement, name = "text"): void {
  style.borderLeft = `3px solid ${name === "text" ? "transparent" : color(name)}`;
  style.color = color(`ink-${name}`);
}

/** Colour of the n-th series of a panel. */
export function seriesColor(index: number): string {
  const palette = color("palette").split(" ");
  return palette[index % palette.length] ?? "";
}

/** A colour with the given opacity, 0 to 1. */
export function translucent(value: string, opacity: number): string {
  return `color-mix(in srgb, ${value} ${Math.round(opacity * 100)}%, transparent)`;
}

/** The value of a custom property of the page. */
export function cssVariable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
