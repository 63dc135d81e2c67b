import { binary, call, type Expression, firstOf, max, number } from "./expression.ts";
import { recorded, targetsUp } from "./series.ts";

/**
 * Share of bad events among all. Without `atLeast` bad events it has no sample, so no alert fires for a share of one
 * event or of none. All arguments are increases over one window.
 *
 * With few events, the window has `atLeast` of them at one evaluation and fewer at the next. The condition holds for
 * another window, so that a `for` does not restart.
 *
 * A window bridges missed scrapes by itself, so that shares need no holdover.
 *
 * @param bad the record of the increase of the bad events
 * @param good the other events; 0 if there were only bad ones
 */
export function badShare(bad: string, good: Expression, atLeast: number, windowMs: number): Expression {
  const zeroFilled = firstOf(good, binary(number(0), "*", recorded(bad)));
  const enough = binary(call("max_over_time", recorded(bad, windowMs)), ">=", number(atLeast));
  return binary(binary(recorded(bad), "and", enough), "/", binary(recorded(bad), "+", zeroFilled));
}

/** Share of bad events in a separately counted total; no sample with fewer than `atLeast` bad ones. */
export function badShareOfTotal(bad: Expression, total: Expression, atLeast: number): Expression {
  return binary(binary(bad, ">=", number(atLeast)), "/", total);
}

/**
 * A rate without labels, only while a target answers. During failed scrapes its window would empty and the rate sink,
 * so that an incident would seem to end. Without samples of `up` the rate is unchanged.
 */
export function whileScraped(perSecond: Expression): Expression {
  return binary(perSecond, "unless", binary(max([], targetsUp), "==", number(0)));
}

/** Increase of a counter. It is extrapolated to the ends of the window: one event counts as a little more than one. */
export const increase = (counter: Expression): Expression => call("increase", counter);
/** Increase of a counter per second. */
export const rate = (counter: Expression): Expression => call("rate", counter);
