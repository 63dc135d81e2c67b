import { type AllValues, interpolate, type Selection } from "./interpolate.ts";
import type { Dashboard, VariableModel } from "./model.ts";
import type { Prometheus } from "./prometheus.ts";
import type { Interval } from "./timeRange.ts";

const LABEL_VALUES = /^label_values\((.+), *(\w+)\)$/;

/** The variables that a viewer can change. */
export function queryVariables(dashboard: Dashboard): VariableModel[] {
  return (dashboard.templating.list ?? []).filter((variable) => variable.type === "query");
}

/** The matcher of "all", by variable. */
export function allValuesOf(dashboard: Dashboard): AllValues {
  return Object.fromEntries(queryVariables(dashboard).map(({ name, allValue }) => [name, allValue ?? ".+"]));
}

/**
 * The offered values of a variable.
 *
 * @throws PrometheusError
 */
export async function valuesOf(
  variable: VariableModel,
  context: { prometheus: Prometheus; selection: Selection; allValues: AllValues; interval: Interval },
  signal: AbortSignal,
): Promise<string[]> {
  const match = LABEL_VALUES.exec(String(variable.query));
  if (match?.[1] === undefined || match[2] === undefined) return [];
  const selector = interpolate(match[1], context.selection, context.allValues);
  const { fromMs, toMs } = context.interval;
  return context.prometheus.labelValues(match[2], selector, fromMs / 1000, toMs / 1000, signal);
}
