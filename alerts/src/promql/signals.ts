import { binary, call, type Expression, firstOf, max, number } from "./expression.ts";
import { targetsUp } from "./series.ts";

/**
 * Share of bad events among all. No sample, and so no alert, where fewer than `atLeast` bad ones happened: nothing is
 * divided by nothing, and a share of one event does not count. All arguments are increases over one window.
 *
 * A window bridges missed scrapes by itself, so that shares need no holdover.
 *
 * @param good the other events; taken as 0 where only bad ones were ever seen
 */
export function badShare(bad: Expression, good: Expression, atLeast: number): Expression {
  const zeroFilled = firstOf(good, binary(number(0), "*", bad));
  return badShareOfTotal(bad, binary(bad, "+", zeroFilled), atLeast);
}

/** The same where the total is counted by itself. */
export function badShareOfTotal(bad: Expression, total: Expression, atLeast: number): Expression {
  return binary(binary(bad, ">=", number(atLeast)), "/", total);
}

/**
 * A rate as it was while telemetry came in. Without this a rate sinks as its window runs empty during failed scrapes,
 * and an incident would seem to end because its signal is missing. Where `up` says nothing, the rate stands. For a rate
 * without labels.
 */
export function whileScraped(perSecond: Expression): Expression {
  return binary(perSecond, "unless", binary(max([], targetsUp), "==", number(0)));
}

/** What a counter grew by. It extrapolates to the ends of its window: one event reads as a little more than one. */
export const increase = (counter: Expression): Expression => call("increase", counter);
/** What a counter grew by per second. */
export const rate = (counter: Expression): Expression => call("rate", counter);
