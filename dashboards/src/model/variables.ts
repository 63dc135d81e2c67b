import { labelValues, scopeLabelValues } from "../query/metrics.ts";

/** A variable with the values of a label. Several may be chosen, and all are at first, unless it is single. */
export type QueryVariable = {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  /** One value at a time, because panels do not add up over it. */
  readonly single?: true;
};

/** Name of the variable with the Prometheus data source. */
export const DATASOURCE_VARIABLE = "datasource";
/** Label of that variable. */
export const DATASOURCE_LABEL = "Data source";
/** Its reference in queries. */
export const DATASOURCE = { type: "prometheus", uid: `\${${DATASOURCE_VARIABLE}}` } as const;
/** The matcher of "All", which includes values that appear later. */
export const ALL_VALUES = ".+";

/** The variables of every dashboard, from the widest to the narrowest: first the installations. */
export function variablesFor(scopeLabels: readonly string[]): QueryVariable[] {
  const target = ["job", "instance"] as const;
  return [
    ...scopeLabels.map((name, index) => ({
      name,
      label: name.charAt(0).toUpperCase() + name.slice(1),
      query: scopeLabelValues(name, scopeLabels.slice(0, index)),
      single: true as const,
    })),
    { name: "job", label: "Job", query: labelValues("mcp_build_info", "job", scopeLabels) },
    { name: "instance", label: "Instance", query: labelValues("mcp_build_info", "instance", [...scopeLabels, "job"]) },
    { name: "type", label: "Type", query: labelValues("mcp_queue_depth", "type", [...scopeLabels, ...target]) },
    { name: "lane", label: "Lane", query: labelValues("mcp_queue_depth", "lane", [...scopeLabels, ...target]) },
  ];
}
