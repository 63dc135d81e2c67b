import { type LabelOf, METRICS, type MetricName, type MetricNameOf } from "mcp-orchestrator/contract";
import { type Expression, type Matcher, type Selector, selector } from "./expression.ts";

/** Values to match by label: one, or several of which one must match. */
export type Matchers<L extends string> = { readonly [K in L]?: string | readonly string[] };

/** The instant vector of a metric of the contract; an unknown metric or label does not compile. */
export function series<M extends MetricName>(metric: M, matchers: Matchers<LabelOf<M>> = {}): Expression {
  return selector(metric, matchersOf(matchers));
}

/** What a counter of the contract did over a window, as the argument of `rate` or `increase`. */
export function counterOver<M extends MetricNameOf<"counter">>(
  metric: M,
  range: number,
  matchers: Matchers<LabelOf<M>> = {},
): Expression {
  return selector(metric, matchersOf(matchers), { range });
}

/** The buckets of a histogram of the contract over a window, or the one with the bound `le`. */
export function bucketsOver<M extends MetricNameOf<"histogram">>(
  metric: M,
  range: number,
  matchers: Matchers<LabelOf<M> | "le"> = {},
): Expression {
  return selector(`${metric}_bucket`, matchersOf(matchers), { range });
}

/** `up` of the service's targets: 1 where the last scrape succeeded. Which job that is, the bundle says. */
export const targetsUp: Selector = selector("up", []);

/** The samples of a recording rule, now or over a window. */
export function recorded(name: string, range?: number): Expression {
  return selector(name, [], { writtenBy: "rules", ...(range === undefined ? {} : { range }) });
}

/** True of a latency threshold that is a bucket bound of the histogram, so that no interpolation decides. */
export function isBucketBound(metric: MetricNameOf<"histogram">, valueSeconds: number): boolean {
  return (METRICS[metric].buckets as readonly number[]).includes(valueSeconds);
}

/** Matchers in the order in which they are given. */
export function matchersOf(matchers: Readonly<Record<string, string | readonly string[] | undefined>>): Matcher[] {
  return Object.entries(matchers).flatMap(([label, wanted]): Matcher[] => {
    if (wanted === undefined) return [];
    if (typeof wanted === "string") return [{ label, operator: "=", value: wanted }];
    return [{ label, operator: "=~", value: wanted.join("|") }];
  });
}
