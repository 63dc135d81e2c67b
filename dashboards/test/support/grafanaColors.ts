import { createRequire } from "node:module";
import type { DataFrame, Field, FieldConfigSource, GrafanaTheme2 } from "@grafana/data";
import { firstValueFrom, of } from "rxjs";
import type { Panel } from "../../src/preview/web/data/model.ts";

/** What Grafana's own library makes of a generated panel and answers of Prometheus. */

const load = createRequire(import.meta.url);
const { applyFieldOverrides, colorManipulator, FieldType, formattedValueToString, ...grafana } = load(
  "@grafana/data",
) as typeof import("@grafana/data");
const { alpha, decomposeColor, getContrastRatio } = colorManipulator;
const SCHEMES: Readonly<Record<string, (share: number) => string>> = createRequire(load.resolve("@grafana/data"))(
  "d3-scale-chromatic",
);

export const createTheme = (mode: "dark" | "light"): GrafanaTheme2 => grafana.createTheme({ colors: { mode } });

const PROPERTIES = ["unit", "decimals", "noValue", "mappings", "thresholds", "displayName", "color"];
const CUSTOM = ["cellOptions", "drawStyle", "fillOpacity", "hideFrom"].map((id) => `custom.${id}`);
grafana.standardFieldConfigEditorRegistry.setInit(() =>
  [...PROPERTIES, ...CUSTOM].map((id) => ({
    ...{ id, path: id, name: id, settings: {} },
    ...{ editor: () => null, override: () => null, process: (value: unknown) => value, shouldApply: () => true },
  })),
);

type Sample = readonly [timeS: number, value: string];
/** One series of an answer. */
export type Result = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Sample;
  readonly values?: readonly Sample[];
};
/** What Prometheus answered to a query of a panel. */
export type Answer = {
  readonly refId: string;
  readonly legend: string;
  readonly instant: boolean;
  readonly results: readonly Result[];
};
/** A text in its colour, and with an edge of one. */
export type Painted = { readonly text: string; readonly color: string; readonly edge: string };

/** A colour in one notation: red, green, blue and opacity. */
export function rgba(color: string): string {
  const [, parts] = /^color\(srgb (.*)\)$/.exec(color) ?? [];
  const [red = 0, green = 0, blue = 0, opacity = 1] =
    parts === undefined
      ? decomposeColor(color).values
      : parts.split(/[ /]+/).map((part, index) => Number(part) * (index < 3 ? 255 : 1));
  return `${[red, green, blue].map(Math.round).join(" ")} / ${opacity.toFixed(2)}`;
}

/** A colour with an opacity in percent. */
export const withOpacity = (color: string, percent: number): string => rgba(alpha(color, percent / 100));

/** The fields of a panel's series, in their order, with their colours. */
export function fieldsOf(panel: Panel, theme: GrafanaTheme2, answers: readonly Answer[]): Field[] {
  const data = answers.flatMap(({ refId, legend, results }) =>
    results.map(({ metric, value, values = value === undefined ? [] : [value] }) =>
      grafana.toDataFrame({
        refId,
        fields: [
          { name: "Time", type: FieldType.time, values: values.map(([timeS]) => timeS * 1000) },
          {
            ...{ name: "Value", type: FieldType.number, values: values.map(([, number]) => Number(number)) },
            config: { displayNameFromDS: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? "") },
          },
        ],
      }),
    ),
  );
  return overridden(panel, theme, data).flatMap(({ fields }) => fields.slice(1));
}

function overridden(panel: Panel, theme: GrafanaTheme2, data: DataFrame[]): DataFrame[] {
  const { defaults, overrides } = structuredClone(panel.fieldConfig) as unknown as FieldConfigSource;
  // The plugin's own default; the others have the library's.
  if (panel.type === "timeseries") defaults.color ??= { mode: "palette-classic" as never };
  const replaceVariables = (text: string) => text;
  return applyFieldOverrides({ data, theme, replaceVariables, timeZone: "utc", fieldConfig: { defaults, overrides } });
}

/** A value of a field as text, with its colour. */
export function shown(field: Field | undefined, value: unknown): { text: string; color: string } {
  const displayed = field?.display?.(value);
  if (displayed === undefined) throw new Error("the field has no display");
  return { text: formattedValueToString(displayed), color: displayed.color ?? "" };
}

/** A value in its colour, which is only on its edge if WCAG asks for more contrast of a text. */
export function painted(theme: GrafanaTheme2, field: Field | undefined, value: unknown): Painted {
  const { text, color } = shown(field, value);
  const plain = theme.visualization.getColorByName("text");
  const readable = getContrastRatio(color, theme.components.panel?.background ?? "") >= 4.5;
  return {
    text,
    color: rgba(readable ? color : plain),
    edge: rgba(rgba(color) === rgba(plain) ? "rgba(0, 0, 0, 0)" : color),
  };
}

/** The states of each row, in their order in time. */
export function rowsOf(panel: Panel, theme: GrafanaTheme2, answers: readonly Answer[]) {
  return fieldsOf(panel, theme, answers).map((field) => ({
    name: field.config.displayNameFromDS,
    states: field.values
      .filter((value, index) => value !== field.values[index - 1])
      .map((value) => shown(field, value))
      .map(({ text, color }) => ({ text, color: withOpacity(color, field.config.custom.fillOpacity) })),
  }));
}

/** The cells of a table whose text has a colour, in any order. */
export async function cellsOf(panel: Panel, theme: GrafanaTheme2, answers: readonly Answer[]): Promise<Painted[]> {
  const frames = answers.map(({ refId, results }) => {
    const labels = [...new Set(results.flatMap(({ metric }) => Object.keys(metric)))];
    return grafana.toDataFrame({
      refId,
      fields: [
        { name: "Time", type: FieldType.time, values: results.map(() => 0) },
        ...labels.map((name) => ({
          ...{ name, type: FieldType.string, values: results.map(({ metric }) => metric[name]) },
        })),
        {
          ...{ name: answers.length === 1 ? "Value" : `Value #${refId}`, type: FieldType.number },
          values: results.map(({ value }) => Number(value?.[1])),
        },
      ],
    });
  });
  const { mergeTransformer, organizeFieldsTransformer } = grafana.standardTransformers;
  const options = panel.transformations?.find(({ id }) => id === "organize")?.options;
  const context = { interpolate: (text: string) => text };
  const merged = await firstValueFrom(
    of(frames).pipe(mergeTransformer.operator({}, context), organizeFieldsTransformer.operator(options, context)),
  );
  return overridden(panel, theme, merged)
    .flatMap(({ fields }) => fields)
    .filter(({ config }) => config.custom?.cellOptions?.type === "color-text")
    .flatMap((field) =>
      field.values.filter((value) => value !== undefined).map((value) => painted(theme, field, value)),
    );
}

/** The colours of a heat map's cells, by bucket and then by time. The rules are those of Grafana's panel. */
export function heatOf(panel: Panel, theme: GrafanaTheme2, answers: readonly Answer[]): string[] {
  const { color, filterValues } = panel.options as {
    color: { mode: string; scheme: string; steps: number; reverse: boolean };
    filterValues: { le: number };
  };
  const scheme = SCHEMES[`interpolate${color.scheme}`];
  if (color.mode !== "scheme" || scheme === undefined) throw new Error(`no scheme ${color.scheme}`);
  const palette = Array.from({ length: color.steps }, (_, step) => rgba(scheme(step / (color.steps - 1))));
  if (theme.isDark !== color.reverse) palette.reverse();
  const bound = ({ metric: { le = "" } }: Result) => (le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le));
  const buckets = answers.flatMap(({ results }) => results).toSorted((a, b) => bound(a) - bound(b));
  const numbers = buckets.flatMap(({ values = [] }, index) => {
    const below = new Map(buckets[index - 1]?.values);
    return values.map(([timeS, number]) => Number(number) - Number(below.get(timeS) ?? 0));
  });
  const seen = numbers.filter((number) => number > filterValues.le);
  const least = Math.min(...seen);
  const range = Math.max(...seen) - least || 1;
  return seen.map(
    (number) => palette[Math.min(color.steps - 1, Math.floor((color.steps * (number - least)) / range))] ?? "",
  );
}
