import type { Sampling } from "./step.ts";

/** Chosen values by variable; `undefined` means all. */
export type Selection = Readonly<Record<string, readonly string[] | undefined>>;

/** The matcher of "all", by variable. */
export type AllValues = Readonly<Record<string, string>>;

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g;

/** A query with variables and Grafana's duration macros filled in; unknown names are kept. */
export function interpolate(query: string, selection: Selection, allValues: AllValues, sampling?: Sampling): string {
  return query.replaceAll(VARIABLE, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? "";
    return macro(name, sampling) ?? matcherValue(name, selection, allValues) ?? whole;
  });
}

function macro(name: string, sampling?: Sampling): string | undefined {
  if (sampling === undefined) return undefined;
  switch (name) {
    case "__interval":
      return `${sampling.stepMs}ms`;
    case "__rate_interval":
      return `${sampling.rateIntervalMs}ms`;
    case "__range":
      return `${sampling.rangeMs}ms`;
    default:
      return undefined;
  }
}

function matcherValue(name: string, selection: Selection, allValues: AllValues): string | undefined {
  const all = allValues[name];
  if (all === undefined) return undefined;
  const chosen = selection[name];
  if (chosen === undefined || chosen.length === 0) return all;
  const alternatives = chosen.map(escapeForMatcher);
  return alternatives.length === 1 ? alternatives[0] : `(${alternatives.join("|")})`;
}

/** Escapes a value twice: as a regular expression, and as the PromQL string around it. */
function escapeForMatcher(value: string): string {
  return value
    .replaceAll(/[\\^$*+?.()|[\]{}]/g, "\\$&")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"');
}
