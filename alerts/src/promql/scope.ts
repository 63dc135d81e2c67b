import { aggregate, binary, type Expression, mapSelectors, type Selector } from "./expression.ts";
import { recorded } from "./series.ts";

/** What narrows a catalogue to an installation. */
export type Narrowing = {
  readonly job: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly scope: { readonly labels: readonly string[]; readonly replicaLabels: readonly string[] };
};

/** Name of the series that has a sample for each installation that there should be. */
export const EXPECTED_INSTALLATION = "mcp_installation:expected";

/** The name of a recorded series, with the labels that it keeps in front, as is the custom. */
export function scopedName(record: string, { scope }: Pick<Narrowing, "scope">): string {
  return scope.labels.length === 0 ? record : `${scope.labels.join("_")}_${record}`;
}

/**
 * An expression of the catalogue as an installation needs it.
 *
 * - Selectors of scraped series match the job (`up`) and the selector of the installation.
 * - Aggregations and matchings keep the scope labels.
 * - Sums take one of the copies that differ in a replica label.
 * - What a name cannot be derived from, `absent` and a constant, asks for the installations that there should be.
 */
export function scoped(expression: Expression, narrowing: Narrowing): Expression {
  const { labels, replicaLabels } = narrowing.scope;
  const narrow = (inner: Expression) => scoped(inner, narrowing);
  switch (expression.kind) {
    case "number":
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

/** An expression in which every selector matches the value of a dashboard's variable for each scope label. */
export function followingScopeVariables(expression: Expression, labels: readonly string[]): Expression {
  return mapSelectors(expression, (selector) => ({
    ...selector,
    matchers: [
      ...labels.map((label) => ({ label, operator: "=~", value: `$${label}` }) as const),
      ...selector.matchers,
    ],
  }));
}

function scopedSelector(selector: Selector, { job, selector: own, scope }: Narrowing): Selector {
  if (selector.writtenBy === "rules") return { ...selector, metric: scopedName(selector.metric, { scope }) };
  const always = { ...(selector.metric === "up" ? { job } : {}), ...own };
  const added = Object.entries(always).map(([label, value]) => ({ label, operator: "=", value }) as const);
  return { ...selector, matchers: [...added, ...selector.matchers] };
}
