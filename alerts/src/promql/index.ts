/** The PromQL room: the only builder, renderer and parser of the project. */
export {
  type AggregationOperator,
  aggregate,
  type BinaryOperator,
  binary,
  call,
  type Expression,
  mapSelectors,
  number,
  type Selector,
  selector,
} from "./expression.ts";
export { parseQuery, type Query, type QuerySelector } from "./query.ts";
export { renderQuery } from "./render.ts";
export { followingScopeVariables } from "./scope.ts";
export { type Matchers, matchersOf } from "./series.ts";
export { nodesOf, type PromqlNode, PromqlSyntaxError, parsePromql } from "./tree.ts";
