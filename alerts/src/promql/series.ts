import { type LabelOf, METRICS, type MetricName, type MetricNameOf } from "mcp-orchestrator/contract";
import { call, type Expression, type Matcher, type Selector, selector } from "./expression.ts";

/** Values to match by label: one, or alternatives. */
export type Matchers<L extends string> = { readonly [K in L]?: string | readonly string[] };

/** The instant vector of a metric of the contract; an unknown metric or label does not compile. */
export function series<M extends MetricName>(metric: M, matchers: Matchers<LabelOf<M>> = {}): Expression {
  return selector(metric, matchersOf(matchers));
}

/** A counter of the contract over a window, as the argument of `rate` or `increase`. */
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

/** `up` of the service's targets: 1 if the last scrape succeeded. The bundle names the job. */
export const targetsUp: Selector = selector("up", []);

/** The samples of a recording rule, now or over a window. */
export function recorded(name: string, range?: number): Expression {
  return selector(name, [], { writtenBy: "rules", ...(range === undefined ? {} : { range }) });
}

/** Prometheus' series of an alert, or of several, in a state. */
export function alertsInState(
  name: string | readonly string[],
  state: "pending" | "firing",
  range?: number,
): Expression {
  const matchers = matchersOf({ alertname: name, alertstate: state });
  return selector("ALERTS", matchers, { writtenBy: "rules", ...(range === undefined ? {} : { range }) });
}

/** Whether an alert, or one of several, fired within a range: what ended is still in a window of that length. */
export function firedWithin(name: string | readonly string[], rangeMs: number): Expression {
  return call("max_over_time", alertsInState(name, "firing", rangeMs));
}

/** Whether a latency threshold is a bucket bound of the histogram, so that nothing is interpolated. */
export function isBucketBound(metric: MetricNameOf<"histogram">, valueSeconds: number): boolean {
  return (METRICS[metric].buckets as readonly number[]).includes(valueSeconds);
}

/** Matchers in the given order. */
export function matchersOf(matchers: Readonly<Record<string, string | readonly string[] | undefined>>): Matcher[] {
  return Object.entries(matchers).flatMap(([label, wanted]): Matcher[] => {
    if (wanted === undefined) return [];
    if (typeof wanted === "string") return [{ label, operator: "=", value: wanted }];
    return [{ label, operator: "=~", value: wanted.join("|") }];
  });
}
