import type { Panel } from "./model.ts";

/** A value's word and colour, where a panel has one for it. */
export type Mapped = { readonly text: string; readonly color: string | undefined };

/** Colour name of the highest threshold that a value reaches. */
export function thresholdColor(panel: Panel, value: number, field?: string): string | undefined {
  const own = field === undefined ? undefined : override(panel, field, "thresholds");
  const config = (own ?? panel.fieldConfig?.defaults.thresholds) as {
    steps: { value: number | null; color: string }[];
  };
  return config?.steps.findLast((step) => step.value === null || value >= step.value)?.color;
}

/** The lines to draw: every threshold but the base. */
export function thresholdLines(panel: Panel): { value: number; color: string }[] {
  const mode = (panel.fieldConfig?.defaults.custom as { thresholdsStyle?: { mode?: string } })?.thresholdsStyle?.mode;
  if (mode === undefined || mode === "off") return [];
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  return steps.flatMap(({ value, color }) => (value === null ? [] : [{ value, color }]));
}

/** The word for a value. */
export function mapped(panel: Panel, value: number): Mapped | undefined {
  for (const mapping of panel.fieldConfig?.defaults.mappings ?? []) {
    if (mapping.type !== "value") continue;
    const found = (mapping.options as Record<string, { text?: string; color?: string }>)[String(value)];
    if (found !== undefined) return { text: found.text ?? String(value), color: found.color };
  }
  return undefined;
}

/** Fixed colour of a series. */
export function fixedColor(panel: Panel, field: string): string | undefined {
  return (override(panel, field, "color") as { fixedColor?: string } | undefined)?.fixedColor;
}

/** Unit of a field: its own, or the panel's. */
export function unitOf(panel: Panel, field?: string): string {
  const own = field === undefined ? undefined : override(panel, field, "unit");
  return (own as string | undefined) ?? panel.fieldConfig?.defaults.unit ?? "short";
}

/** True of a panel whose series lie on top of each other. */
export function isStacked(panel: Panel): boolean {
  const custom = panel.fieldConfig?.defaults.custom as { stacking?: { mode?: string } } | undefined;
  return custom?.stacking?.mode === "normal";
}

/** Whether a field is drawn in the colour of the threshold it reaches. */
export function isColored(panel: Panel, field: string): boolean {
  return override(panel, field, "custom.cellOptions") !== undefined;
}

function override(panel: Panel, field: string, property: string): unknown {
  for (const { matcher, properties } of panel.fieldConfig?.overrides ?? []) {
    if (matcher.id !== "byName" || matcher.options !== field) continue;
    const found = properties.find(({ id }) => id === property);
    if (found !== undefined) return found.value;
  }
  return undefined;
}
