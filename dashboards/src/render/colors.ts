import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import type { ThresholdLine } from "../model/catalogue.ts";
import { SEVERITY_COLORS } from "../model/levels.ts";
import type { Color, Level, State } from "../model/panel.ts";

/** One colour for a series. */
export function fixedColor(color: Color): sdk.FieldColorBuilder {
  return new sdk.FieldColorBuilder().mode(sdk.FieldColorModeId.Fixed).fixedColor(color);
}

/** Colours of values, by level. */
export function levelSteps(levels: readonly Level[]): sdk.ThresholdsConfigBuilder {
  return steps(levels.map(({ from, color }) => ({ value: from, color })));
}

/** Threshold lines, each in the colour of its alert's severity. */
export function lineSteps(lines: readonly ThresholdLine[]): sdk.ThresholdsConfigBuilder {
  const sorted = lines.toSorted((a, b) => a.value - b.value);
  return steps([
    { value: null, color: "green" },
    ...sorted.map((line) => ({ value: line.value, color: SEVERITY_COLORS[line.severity] })),
  ]);
}

/** Colours of states, by value. */
export function stateSteps(states: readonly State[]): sdk.ThresholdsConfigBuilder {
  return steps(states.map(({ color }, value) => ({ value: value === 0 ? null : value, color })));
}

/** Words of states, by value. */
export function stateMappings(states: readonly State[]): sdk.ValueMapping[] {
  const options = states.map(({ text, color }, index) => [String(index), { text, color, index }]);
  return [{ type: sdk.MappingType.ValueToText, options: Object.fromEntries(options) }];
}

function steps(list: readonly { readonly value: number | null; readonly color: string }[]) {
  return new sdk.ThresholdsConfigBuilder().mode(sdk.ThresholdsMode.Absolute).steps([...list]);
}
