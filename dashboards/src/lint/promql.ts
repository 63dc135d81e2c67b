import { type Query as ParsedQuery, PromqlSyntaxError, parseQuery as parse } from "@mcp-orchestrator/alerts/promql";

export type { QuerySelector as Selector } from "@mcp-orchestrator/alerts/promql";

/** What a query consists of, or why it does not parse. */
export type Query = ParsedQuery & { readonly errors: readonly string[] };

/** Stands for `$__rate_interval` where durations are parsed; odd, so that nothing else is taken for it. */
export const RATE_INTERVAL = "7m11s";

const MACROS: Readonly<Record<string, string>> = {
  $__rate_interval: RATE_INTERVAL,
  $__interval: "7m12s",
  $__range: "7m13s",
};

/** Parses a panel's query; Grafana's duration macros stand for durations, variables inside quotes for themselves. */
export function parseQuery(query: string): Query {
  try {
    return { errors: [], ...parse(query.replaceAll(/\$__\w+/g, (macro) => MACROS[macro] ?? macro)) };
  } catch (error) {
    if (!(error instanceof PromqlSyntaxError)) throw error;
    return { errors: [error.message], selectors: [], groupedBy: [] };
  }
}
