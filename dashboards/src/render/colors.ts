import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import type { ThresholdLine } from "../model/catalogue.ts";
import { SEVERITY_COLORS } from "../model/levels.ts";
import type { Color, Level, State, Words } from "../model/panel.ts";

/** Opacity of the bars of a state timeline, in percent. */
export const BAR_OPACITY = 80;

/** The colours of a heat map. */
export const HEAT = { scheme: "Oranges", steps: 64 } as const;

/** One colour for a series. */
export function fixedColor(color: Color): sdk.FieldColorBuilder {
  return new sdk.FieldColorBuilder().mode(sdk.FieldColorModeId.Fixed).fixedColor(color);
}

/** Colours of values, by level. */
export function levelSteps(levels: readonly Level[]): sdk.ThresholdsConfigBuilder {
  return steps(levels.map(({ from, color }) => ({ value: from, color })));
}

/** Threshold lines in the colour of their alert's severity; `mirrored` also below 0. */
export function lineSteps(lines: readonly ThresholdLine[], mirrored = false): sdk.ThresholdsConfigBuilder {
  const both = lines.flatMap((line) =>
    mirrored && line.value !== 0 ? [line, { ...line, value: -line.value }] : [line],
  );
  const sorted = both.toSorted((a, b) => a.value - b.value);
  return steps([
    { value: null, color: "green" },
    ...sorted.map((line) => ({ value: line.value, color: SEVERITY_COLORS[line.severity] })),
  ]);
}

/** Texts in place of values: of states by value, of labels by text. */
export function wordMapping(words: Words | readonly State[]): sdk.ValueMapping {
  const options = Object.entries(words).map(([value, { text, color }], index) => [value, { text, color, index }]);
  return { type: sdk.MappingType.ValueToText, options: Object.fromEntries(options) };
}

/** The text of a tile without a value, never in the colour of a good one. */
export const NO_DATA: State = { text: "no data", color: "purple" };

/** The text for a missing value. */
export function noDataMapping(): sdk.ValueMapping {
  const options = { match: sdk.SpecialValueMatch.NullAndNan, result: NO_DATA };
  return { type: sdk.MappingType.SpecialValue, options };
}

function steps(list: readonly { readonly value: number | null; readonly color: string }[]) {
  return new sdk.ThresholdsConfigBuilder().mode(sdk.ThresholdsMode.Absolute).steps([...list]);
}
