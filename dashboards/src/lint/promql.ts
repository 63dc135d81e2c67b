import { type Query as ParsedQuery, PromqlSyntaxError, parseQuery as parse } from "@mcp-orchestrator/alerts/promql";

export type { QuerySelector as Selector } from "@mcp-orchestrator/alerts/promql";

/** The parts of a query, or why it is invalid. */
export type Query = ParsedQuery & { readonly errors: readonly string[] };

/** In place of `$__rate_interval`; odd, so that no other duration is mistaken for it. */
export const RATE_INTERVAL = "7m11s";

/** The same for `$__interval`. */
export const INTERVAL = "7m12s";

const MACROS: Readonly<Record<string, string>> = {
  $__rate_interval: RATE_INTERVAL,
  $__interval: INTERVAL,
  $__range: "7m13s",
};

/** Parses a panel's query, with durations in place of Grafana's macros; variables are inside quotes. */
export function parseQuery(query: string): Query {
  try {
    return { errors: [], ...parse(query.replaceAll(/\$__\w+/g, (macro) => MACROS[macro] ?? macro)) };
  } catch (error) {
    if (!(error instanceof PromqlSyntaxError)) throw error;
    return { errors: [error.message], selectors: [], groupedBy: [] };
  }
}
