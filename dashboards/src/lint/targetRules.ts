import { isAlertingMetric } from "@mcp-orchestrator/alerts/promql";
import { OBJECTIVE_WINDOWS } from "../query/objectives.ts";
import { INTERVAL, parseQuery, RATE_INTERVAL, type Selector } from "./promql.ts";
import { eachQuery, type Rule } from "./rule.ts";

/** Functions that make a rate of a counter. */
const RATES = ["rate", "irate", "increase"];

/** Recorded series have the labels of the rule's result, which is aggregated over targets. */
export const WITHOUT_TARGET =
  "Alerts and recorded series carry the labels of a rule's result, which is aggregated over targets: no job or instance is left to match. Prometheus and Alertmanager are not targets of the service's job.";
/** A window of a rate at least as long as four scrapes. A count uses the step, so that no event counts twice. */
const WINDOWS = [RATE_INTERVAL, INTERVAL, ...OBJECTIVE_WINDOWS];

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
    selector.range !== undefined && RATES.includes(selector.calledBy ?? "") && !WINDOWS.includes(selector.range)
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
  if (isNotOfTheJob(selector)) return undefined;
  const found = selector.matchers.some(
    (matcher) => matcher.label === label && matcher.operator === "=~" && matcher.value === `$${label}`,
  );
  return found ? undefined : `${selector.metric} does not match ${label}=~"$${label}"`;
}

/** True of recorded series, and of metrics of Prometheus and Alertmanager. */
export function isNotOfTheJob({ metric }: Selector): boolean {
  return metric === "ALERTS" || metric.includes(":") || isAlertingMetric(metric);
}
