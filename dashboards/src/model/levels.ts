import { type AlertName, thresholdOf } from "./catalogue.ts";
import type { Color, Level } from "./panel.ts";

/** Colour of an alert's severity, for lines and for values beyond its threshold. */
export const SEVERITY_COLORS = { warning: "orange", critical: "red" } as const satisfies Record<string, Color>;

/** Green up to the first threshold, then the colour of each alert above its threshold. */
export function levelsAbove(...alerts: readonly [AlertName, ...AlertName[]]): Level[] {
  const lines = alerts.map(thresholdOf).toSorted((a, b) => a.value - b.value);
  return [
    { from: null, color: "green" },
    ...lines.map((line) => ({ from: line.value, color: SEVERITY_COLORS[line.severity] })),
  ];
}

/** The colour of the alert below its threshold, green above. */
export function levelsBelow(alert: AlertName): Level[] {
  const line = thresholdOf(alert);
  return [
    { from: null, color: SEVERITY_COLORS[line.severity] },
    { from: line.value, color: "green" },
  ];
}

/** One colour for every value: for numbers that are neither good nor bad. */
export function plain(color: Color = "text"): Level[] {
  return [{ from: null, color }];
}

/** Green at 0, the given colour from 1 on: for counts that should be 0. */
export function zeroIsGood(color: Color): Level[] {
  return [
    { from: null, color: "green" },
    { from: 1, color },
  ];
}
