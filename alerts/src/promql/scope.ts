import { isAlertingMetric } from "./alertingMetrics.ts";
import { aggregate, binary, type Expression, mapSelectors, type Selector } from "./expression.ts";
import { recorded } from "./series.ts";

/** What limits a catalogue to an installation. */
export type Narrowing = {
  readonly job: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly scope: { readonly labels: readonly string[]; readonly replicaLabels: readonly string[] };
};

/** Name of the series with a sample for each expected installation. */
export const EXPECTED_INSTALLATION = "mcp_installation:expected";

/** Name of the series with a sample for each group of rules, by `group`, while Prometheus evaluates that group. */
export const RULES_EVALUATED = "group:mcp_rules:evaluated";

/** The name of a recorded series, preceded by the labels that it keeps. */
export function scopedName(record: string, { scope }: Pick<Narrowing, "scope">): string {
  return scope.labels.length === 0 ? record : `${scope.labels.join("_")}_${record}`;
}

/**
 * An expression of the catalogue for an installation.
 *
 * - Selectors of scraped series match the job (`up`) and the selector of the installation.
 * - Aggregations and matchings keep the scope labels.
 * - Sums take one of the copies that differ only in a replica label.
 * - `absent` and constants, which have no labels, are evaluated for each expected installation.
 */
export function scoped(expression: Expression, narrowing: Narrowing): Expression {
  const { labels, replicaLabels } = narrowing.scope;
  const narrow = (inner: Expression) => scoped(inner, narrowing);
  switch (expression.kind) {
    case "number":
    case "string":
      return expression;
    case "selector":
      return scopedSelector(expression, narrowing);
    case "call": {
      const [argument] = expression.args;
      const expected = recorded(scopedName(EXPECTED_INSTALLATION, narrowing));
      if (labels.length > 0 && expression.name === "vector") return expected;
      if (labels.length > 0 && expression.name === "absent" && argument !== undefined) {
        return binary(expected, "unless", narrow(argument), labels);
      }
      return { ...expression, args: expression.args.map(narrow) };
    }
    case "aggregation": {
      const operand = narrow(expression.operand);
      const copies = replicaLabels.length > 0 && (expression.operator === "sum" || expression.operator === "count");
      const once: Expression = copies
        ? { kind: "aggregation", operator: "max", without: replicaLabels, operand }
        : operand;
      if ("without" in expression) return { ...expression, operand: once };
      return aggregate(expression.operator, [...labels, ...expression.by], once);
    }
    case "binary": {
      const { on } = expression;
      return {
        ...expression,
        left: narrow(expression.left),
        right: narrow(expression.right),
        ...(on === undefined ? {} : { on: [...labels, ...on] }),
      };
    }
  }
}

/**
 * An expression for the dashboards of an installation: only its own series, chosen by the variables of the scope
 * labels. Metrics that every process has, such as `up`, are limited to the configured job.
 */
export function forDashboards(expression: Expression, narrowing: Narrowing): Expression {
  const { job, selector: own, scope } = narrowing;
  const chosen = scope.labels.map((label) => ({ label, operator: "=~", value: `$${label}` }) as const);
  return mapSelectors(expression, (selector) => {
    if (selector.metric === "ALERTS") return { ...selector, matchers: [...chosen, ...selector.matchers] };
    if (selector.writtenBy === "rules") {
      return {
        ...selector,
        metric: scopedName(selector.metric, narrowing),
        matchers: [...chosen, ...selector.matchers],
      };
    }
    // Prometheus and Alertmanager do not belong to a job or an installation of the service.
    if (isAlertingMetric(selector.metric)) return selector;
    const pinned = Object.entries({ ...(selector.metric.startsWith("mcp_") ? {} : { job }), ...own });
    const fixed = pinned.map(([label, value]) => ({ label, operator: "=", value }) as const);
    return { ...selector, matchers: [...fixed, ...chosen, ...selector.matchers] };
  });
}

function scopedSelector(selector: Selector, { job, selector: own, scope }: Narrowing): Selector {
  // Prometheus and Alertmanager give these series their names, whatever the scope.
  if (selector.metric === "ALERTS" || isAlertingMetric(selector.metric)) return selector;
  if (selector.writtenBy === "rules") return { ...selector, metric: scopedName(selector.metric, { scope }) };
  const always = { ...(selector.metric === "up" ? { job } : {}), ...own };
  const added = Object.entries(always).map(([label, value]) => ({ label, operator: "=", value }) as const);
  return { ...selector, matchers: [...added, ...selector.matchers] };
}
