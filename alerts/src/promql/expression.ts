/**
 * PromQL as a small syntax tree. Ranges hold milliseconds at production length, so that a timing profile scales them
 * when the tree is rendered and can touch nothing else.
 *
 * `@grafana/promql-builder` was tried first: it renders an empty `on ()` as no list at all, which matches on other
 * labels than was meant, and puts every number in parentheses, which nobody wants to read at night.
 */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | {
      readonly kind: "selector";
      readonly metric: string;
      readonly matchers: Readonly<Record<string, string>>;
      readonly rangeMs?: number;
    }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: "aggregation";
      readonly operator: "sum" | "max" | "min";
      readonly by: readonly string[];
      readonly operand: Expression;
    }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly on?: readonly string[];
    };

export type Comparator = ">" | "<" | ">=" | "==";
export type BinaryOperator = "+" | "-" | "*" | "/" | Comparator | "and" | "or" | "unless";

export const number = (value: number): Expression => ({ kind: "number", value });
export const call = (name: string, ...args: Expression[]): Expression => ({ kind: "call", name, args });

const aggregate =
  (operator: "sum" | "max" | "min") =>
  (by: readonly string[], operand: Expression): Expression => ({ kind: "aggregation", operator, by, operand });

export const sum = aggregate("sum");
export const max = aggregate("max");
export const min = aggregate("min");

/** `left operator right`, matched on the given labels where `on` is given (an empty list matches everything). */
export function binary(
  left: Expression,
  operator: BinaryOperator,
  right: Expression,
  on?: readonly string[],
): Expression {
  return { kind: "binary", operator, left, right, ...(on === undefined ? {} : { on }) };
}

/** The first of the expressions that has a sample for a label set. */
export function firstOf(first: Expression, ...others: readonly Expression[]): Expression {
  return others.reduce((left, right) => binary(left, "or", right), first);
}
