/** The only builder, renderer and parser of PromQL in the project. */
export {
  ALERTING_METRICS,
  type AlertingMetric,
  isAlertingMetric,
  OWN_RULE_GROUPS,
} from "./alertingMetrics.ts";
export {
  type AggregationOperator,
  aggregate,
  type BinaryOperator,
  binary,
  call,
  type Expression,
  type Matcher,
  mapSelectors,
  number,
  type Selector,
  selector,
  string,
} from "./expression.ts";
export { parseQuery, type Query, type QuerySelector } from "./query.ts";
export { renderQuery } from "./render.ts";
export { forDashboards, RULES_EVALUATED } from "./scope.ts";
export { type Matchers, matchersOf } from "./series.ts";
export { type Run, seriesNotation } from "./seriesNotation.ts";
export { isSameExpression, nodesOf, type PromqlNode, PromqlSyntaxError, parsePromql } from "./tree.ts";
