import type { VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";
import { ALL_VALUES, DATASOURCE, DATASOURCE_LABEL, DATASOURCE_VARIABLE } from "../model/variables.ts";
import { parseQuery } from "./promql.ts";
import type { Rule } from "./rule.ts";

const LABEL_VALUES = /^label_values\((.+), *([a-zA-Z_]\w*)\)$/;

/** Rules on the variables of a dashboard. */
export const TEMPLATE_RULES: readonly Rule[] = [
  {
    name: "template-datasource-rule",
    check: ({ templating }) => {
      const sources = (templating.list ?? []).filter((variable) => variable.type === "datasource");
      if (sources.length !== 1) return [`has ${sources.length} data source variables, not one`];
      return sources
        .filter((variable) => variable.name !== DATASOURCE_VARIABLE || variable.label !== DATASOURCE_LABEL)
        .map((variable) => `the data source variable is ${variable.name}, labelled ${variable.label}`);
    },
  },
  { name: "template-job-rule", check: ({ templating }) => targetVariable(templating.list ?? [], "job", "Job") },
  {
    name: "template-instance-rule",
    check: ({ templating }) => targetVariable(templating.list ?? [], "instance", "Instance"),
  },
  {
    name: "template-label-promql-rule",
    check: ({ templating }) =>
      queryVariables(templating.list ?? []).flatMap((variable) => {
        const selector = LABEL_VALUES.exec(String(variable.query))?.[1];
        if (selector === undefined)
          return [`${variable.name} asks ${variable.query}, not label_values(selector, label)`];
        return parseQuery(selector).errors.map((error) => `${variable.name} does not parse ${error}`);
      }),
  },
  {
    name: "template-on-time-change-reload-rule",
    check: ({ templating }) =>
      queryVariables(templating.list ?? [])
        .filter((variable) => variable.refresh !== 2)
        .map((variable) => `${variable.name} is not refreshed when the time range changes`),
  },
];

function queryVariables(list: readonly VariableModel[]): VariableModel[] {
  return list.filter((variable) => variable.type === "query");
}

function targetVariable(list: readonly VariableModel[], name: string, label: string): string[] {
  const variable = list.find((candidate) => candidate.name === name);
  if (variable === undefined) return [`has no variable ${name}`];
  const wanted = {
    type: "query",
    label,
    multi: true,
    allValue: ALL_VALUES,
    "datasource.uid": DATASOURCE.uid,
  };
  const actual: Record<string, unknown> = { ...variable, "datasource.uid": variable.datasource?.uid };
  return Object.entries(wanted)
    .filter(([key, value]) => actual[key] !== value)
    .map(([key, value]) => `${name}: ${key} is ${actual[key]}, not ${value}`);
}
