import type { BinaryOperator, Expression } from "../promql/expression.ts";
import { type Bounds, NOT_NEGATIVE, UNBOUNDED, YES_OR_NO } from "./metrics.ts";

/** Whether a comparison with a number can be true, and whether it can be false. */
export type Verdict = "never" | "always" | "sometimes";

const COMPARISONS: Readonly<Record<string, (bounds: Bounds, limit: number) => Verdict>> = {
  ">": ({ low, high }, limit) => verdict(high <= limit, low > limit),
  ">=": ({ low, high }, limit) => verdict(high < limit, low >= limit),
  "<": ({ low, high }, limit) => verdict(low >= limit, high < limit),
  "==": ({ low, high }, limit) => verdict(limit < low || limit > high, low === limit && high === limit),
};

export function isComparison(operator: BinaryOperator): boolean {
  return operator in COMPARISONS;
}

/** What a comparison of a value within bounds with a number amounts to. */
export function compare(operator: BinaryOperator, bounds: Bounds, limit: number): Verdict {
  return COMPARISONS[operator]?.(bounds, limit) ?? "sometimes";
}

/** The bounds of what a comparison lets through. */
export function narrowed(operator: BinaryOperator, { low, high }: Bounds, limit: number): Bounds {
  if (operator === "==") return { low: limit, high: limit };
  return operator === "<" ? { low, high: Math.min(high, limit) } : { low: Math.max(low, limit), high };
}

/** The bounds of either. */
export function hull(one: Bounds, other: Bounds): Bounds {
  return { low: Math.min(one.low, other.low), high: Math.max(one.high, other.high) };
}

/** Bounds of an arithmetic operation, wide enough to be safe. */
export function calculated(operator: BinaryOperator, left: Bounds, right: Bounds): Bounds {
  const isPositive = left.low >= 0 && right.low >= 0;
  switch (operator) {
    case "+":
      return { low: left.low + right.low, high: left.high + right.high };
    case "-":
      return { low: left.low - right.high, high: left.high - right.low };
    case "*":
      if (left.high === 0 && left.low === 0) return left;
      return isPositive ? NOT_NEGATIVE : UNBOUNDED;
    default:
      return isPositive ? NOT_NEGATIVE : UNBOUNDED;
  }
}

/** Whether one expression counts a part of what the other counts, so that their ratio is from 0 to 1. */
export function isShare(part: Expression, whole: Expression): boolean {
  const [counted, all] = [unguarded(part), unguarded(whole)];
  if (all.kind === "binary" && all.operator === "+") return isSame(counted, unguarded(all.left));
  return isNarrower(counted, all);
}

export const SHARE: Bounds = YES_OR_NO;

/** The expression without the conditions under which it has a sample. */
function unguarded(expression: Expression): Expression {
  if (expression.kind !== "binary") return expression;
  const { operator } = expression;
  const isGuard = isComparison(operator) || operator === "and" || operator === "unless";
  return isGuard ? unguarded(expression.left) : expression;
}

function isSame(one: Expression, other: Expression): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The same apart from matchers, of which the first has all that the second has, or stricter ones. */
function isNarrower(part: Expression, whole: Expression): boolean {
  if (part.kind === "selector" && whole.kind === "selector") {
    const { matchers: few, ...rest } = whole;
    const { matchers: many, ...own } = part;
    const values = ({ value }: { readonly value: string }) => value.split("|");
    return (
      JSON.stringify(own) === JSON.stringify(rest) &&
      few.every((wide) =>
        many.some((strict) => strict.label === wide.label && values(strict).every((one) => values(wide).includes(one))),
      )
    );
  }
  if (part.kind === "call" && whole.kind === "call") {
    return part.name === whole.name && part.args.every((arg, index) => isNarrowerAt(arg, whole.args[index]));
  }
  if (part.kind === "aggregation" && whole.kind === "aggregation") {
    const { operand, ...own } = part;
    const { operand: other, ...rest } = whole;
    return JSON.stringify(own) === JSON.stringify(rest) && isNarrower(operand, other);
  }
  return isSame(part, whole);
}

function isNarrowerAt(part: Expression, whole: Expression | undefined): boolean {
  return whole !== undefined && isNarrower(part, whole);
}

function verdict(isNever: boolean, isAlways: boolean): Verdict {
  return isNever ? "never" : isAlways ? "always" : "sometimes";
}
