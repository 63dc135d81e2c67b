import { scopedName } from "../../promql/scope.ts";
import { nodesOf, parsePromql } from "../../promql/tree.ts";
import { clusterScope, type Installation } from "../installation.ts";
import { type Command, commandText, DEPLOYMENTS, type Deployment, type Runbook, type Step } from "./runbook.ts";

/** The queries of a command, as the preambles' `prom` gets them. */
const QUERY = /(?<=\bprom ')[^']*(?=')/g;

/** Shell variable with the value of a scope label, where one runbook is for several installations. */
export function scopeVariable(label: string): string {
  return `SCOPE_${label.toUpperCase()}`;
}

/** A runbook whose queries ask for the series of an installation, as its rules do, and not for those of others. */
export function scopedRunbook(runbook: Runbook, installation: Installation): Runbook {
  const inCluster = { ...installation, scope: clusterScope(installation) };
  const known = new Map<Command, Command>();
  const scoped = (command: Command): Command => {
    const before = known.get(command);
    if (before !== undefined) return before;
    const forms = DEPLOYMENTS.map((deployment) => {
      const where = deployment === "kubernetes" ? inCluster : installation;
      const text = commandText(command, deployment);
      return [deployment, text.replaceAll(QUERY, (query) => scopedQuery(query, where))] as const;
    });
    const { undo } = command;
    const own: Command = {
      ...command,
      run: Object.fromEntries(forms) as Record<Deployment, string>,
      ...(undo === undefined ? {} : { undo: scoped(undo) }),
    };
    known.set(command, own);
    return own;
  };
  const step = (each: Step): Step => (typeof each === "string" ? each : scoped(each));
  return {
    ...runbook,
    first: runbook.first.map(scoped),
    diagnosis: runbook.diagnosis.map(step),
    mitigation: runbook.mitigation.map((one) => ({ ...one, steps: one.steps.map(step) })),
  };
}

/** A query, as it stands between single quotes, with the matchers of an installation in every selector. */
function scopedQuery(query: string, { job, selector, scope }: Installation): string {
  const [only, ...others] = scope.installations;
  const value = (label: string) => (others.length === 0 ? (only?.[label] ?? "") : `'"$${scopeVariable(label)}"'`);
  const ofScope = Object.fromEntries(scope.labels.map((label) => [label, value(label)]));
  const selectors = [...nodesOf(parsePromql(query))].filter(({ name }) => name === "VectorSelector");
  return selectors.toReversed().reduce((text, node) => {
    const [, metric = "", written = ""] = /^([\w:]+)(?:\{(.*)\})?$/.exec(node.text) ?? [];
    // Prometheus and Alertmanager themselves belong to no installation.
    if (/^(prometheus|alertmanager)_/.test(metric)) return text;
    const own = metric === "ALERTS" || metric.includes(":") ? ofScope : { ...selector, ...ofScope };
    const matchers = [
      ...(written === "" ? [] : [written.replace('job="mcp-orchestrator"', `job="${job}"`)]),
      ...Object.entries(own).map(([label, wanted]) => `${label}="${wanted}"`),
    ];
    const name = metric.includes(":") ? scopedName(metric, { scope }) : metric;
    const selected = matchers.length === 0 ? name : `${name}{${matchers.join(", ")}}`;
    return `${text.slice(0, node.from)}${selected}${text.slice(node.to)}`;
  }, query);
}
