import { labelValues, scopeLabelValues } from "../query/metrics.ts";

/** A variable that offers the values of a label; several may be chosen, and all are at first. */
export type QueryVariable = { readonly name: string; readonly label: string; readonly query: string };

/** Name of the variable that holds the Prometheus to ask. */
export const DATASOURCE_VARIABLE = "datasource";
/** Label of that variable. */
export const DATASOURCE_LABEL = "Data source";
/** How queries name it. */
export const DATASOURCE = { type: "prometheus", uid: `\${${DATASOURCE_VARIABLE}}` } as const;
/** What "All" matches: also values that appear later. */
export const ALL_VALUES = ".+";

/** Variables for the labels that tell installations apart: the first in the list, since they narrow down the most. */
export function variablesFor(scopeLabels: readonly string[]): QueryVariable[] {
  return scopeLabels.map((name, index) => ({
    name,
    label: name.charAt(0).toUpperCase() + name.slice(1),
    query: scopeLabelValues(name, scopeLabels.slice(0, index)),
  }));
}

/** The variables of every dashboard, in the order in which they narrow down. */
export const VARIABLES: readonly QueryVariable[] = [
  { name: "job", label: "Job", query: labelValues("mcp_build_info", "job") },
  { name: "instance", label: "Instance", query: labelValues("mcp_build_info", "instance", ["job"]) },
  { name: "type", label: "Type", query: labelValues("mcp_queue_depth", "type", ["job", "instance"]) },
  { name: "lane", label: "Lane", query: labelValues("mcp_queue_depth", "lane", ["job", "instance"]) },
];
