import { parseQuery, RATE_INTERVAL, type Selector } from "./promql.ts";
import { eachQuery, type Rule } from "./rule.ts";

/** Functions that make a rate of a counter. */
const RATES = ["rate", "irate", "increase"];

/**
 * Alerts carry the labels of a rule's result, which is aggregated over targets: no job or instance is left on them to
 * match. The same exclusion is in `.lint` for those who run the linter itself.
 */
const WITHOUT_TARGET: readonly string[] = ["ALERTS"];

/** Rules on the queries of a dashboard. */
export const TARGET_RULES: readonly Rule[] = [
  {
    name: "target-promql-rule",
    check: (dashboard) =>
      eachQuery(dashboard, (query) => (query === "" ? ["has an empty query"] : [...parseQuery(query).errors])),
  },
  selectorRule("target-job-rule", (selector) => missingMatcher(selector, "job")),
  selectorRule("target-instance-rule", (selector) => missingMatcher(selector, "instance")),
  selectorRule("target-rate-interval-rule", (selector) =>
    selector.range !== undefined && RATES.includes(selector.calledBy ?? "") && selector.range !== RATE_INTERVAL
      ? `${selector.metric} is rated over ${selector.range}, not $__rate_interval`
      : undefined,
  ),
  selectorRule("target-counter-agg-rule", (selector) =>
    selector.metric.endsWith("_total") && !(selector.range !== undefined && RATES.includes(selector.calledBy ?? ""))
      ? `${selector.metric} is a counter outside of ${RATES.join(", ")}`
      : undefined,
  ),
];

function selectorRule(name: string, check: (selector: Selector) => string | undefined): Rule {
  return {
    name,
    check: (dashboard) =>
      eachQuery(dashboard, (query) =>
        parseQuery(query)
          .selectors.map(check)
          .filter((problem) => problem !== undefined),
      ),
  };
}

function missingMatcher(selector: Selector, label: string): string | undefined {
  if (WITHOUT_TARGET.includes(selector.metric)) return undefined;
  const found = selector.matchers.some(
    (matcher) => matcher.label === label && matcher.operator === "=~" && matcher.value === `$${label}`,
  );
  return found ? undefined : `${selector.metric} does not match ${label}=~"$${label}"`;
}
