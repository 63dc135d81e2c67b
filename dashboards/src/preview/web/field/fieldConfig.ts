import type { Panel } from "../data/model.ts";
import { formatValue } from "./units.ts";

/** A word in place of a value, and its colour. */
type Mapped = { readonly text?: string; readonly color?: string };
type Mapping = { readonly type: string; readonly options: unknown };
type Steps = readonly { readonly value: number | null; readonly color: string }[];

/** How a field is shown: the panel's defaults with its overrides. */
export type Field = {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly color?: { readonly fixedColor?: string };
  readonly mappings?: readonly Mapping[];
  readonly thresholds?: { readonly steps: Steps };
  readonly links?: readonly { readonly title: string; readonly url: string }[];
  readonly custom: {
    readonly axisSoftMin?: number;
    readonly axisSoftMax?: number;
    readonly cellOptions?: { readonly type?: string };
    readonly drawStyle?: string;
    readonly fillOpacity?: number;
    readonly hidden?: boolean;
    readonly hideFrom?: { readonly legend?: boolean };
    readonly lineStyle?: { readonly dash?: readonly number[] };
    readonly lineWidth?: number;
    readonly stacking?: { readonly mode?: string };
    readonly thresholdsStyle?: { readonly mode?: string };
  };
};

/** The field of a name and a query's reference id. */
export function fieldOf(panel: Panel, name?: string, refId?: string): Field {
  const { defaults, overrides = [] } = panel.fieldConfig ?? { defaults: {} };
  const own: Record<string, unknown> = { ...defaults };
  const custom: Record<string, unknown> = { ...(defaults.custom as object) };
  for (const { matcher, properties } of overrides) {
    if (matcher.options !== (matcher.id === "byFrameRefID" ? refId : name)) continue;
    for (const { id, value } of properties) {
      if (id.startsWith("custom.")) custom[id.slice("custom.".length)] = value;
      else own[id] = value;
    }
  }
  return { ...own, custom };
}

/** A value as text, with the name of its colour: a word, or a number with its unit. */
export function display(field: Field, value: number | string | undefined): { text: string; color: string | undefined } {
  const word = mapped(field, value);
  const number = typeof value === "number" && !Number.isNaN(value) ? value : undefined;
  const plain =
    number === undefined ? String(value ?? field.noValue ?? "") : formatValue(number, field.unit, field.decimals);
  return {
    text: word?.text ?? plain,
    color: word?.color ?? field.color?.fixedColor ?? thresholdColor(field, number ?? Number.NEGATIVE_INFINITY),
  };
}

/** Colour name of the highest threshold that a value reaches. */
function thresholdColor({ thresholds }: Field, value: number): string | undefined {
  return thresholds?.steps.findLast((step) => step.value === null || value >= step.value)?.color;
}

/** The lines to draw: every threshold but the base. */
export function thresholdLines({ custom, thresholds }: Field): { value: number; color: string }[] {
  if ((custom.thresholdsStyle?.mode ?? "off") === "off") return [];
  return (thresholds?.steps ?? []).flatMap(({ value, color }) => (value === null ? [] : [{ value, color }]));
}

/** The word for a value, if it has one. */
function mapped({ mappings = [] }: Field, value: number | string | undefined): Mapped | undefined {
  const missing = value === undefined || Number.isNaN(value);
  for (const { type, options } of mappings) {
    if (type === "special" && missing) return (options as { result: Mapped }).result;
    const word = type === "value" ? (options as Record<string, Mapped>)[String(value)] : undefined;
    if (word !== undefined) return word;
  }
  return undefined;
}
