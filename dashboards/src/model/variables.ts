import { labelValues } from "../query/metrics.ts";

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

/** The variables of every dashboard, in the order in which they narrow down. */
export const VARIABLES: readonly QueryVariable[] = [
  { name: "job", label: "Job", query: labelValues("mcp_build_info", "job") },
  { name: "instance", label: "Instance", query: labelValues("mcp_build_info", "instance", ["job"]) },
  { name: "type", label: "Type", query: labelValues("mcp_queue_depth", "type", ["job", "instance"]) },
  { name: "lane", label: "Lane", query: labelValues("mcp_queue_depth", "lane", ["job", "instance"]) },
];
