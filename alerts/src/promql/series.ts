import { type LabelOf, METRICS, type MetricName, type MetricNameOf } from "mcp-orchestrator/contract";
import type { Expression } from "./expression.ts";

/** Value of `job` under which Prometheus scrapes the service. */
export const JOB = "mcp-orchestrator";

type Matchers<M extends MetricName> = { readonly [L in LabelOf<M>]?: string };

/** The instant vector of a metric of the contract; an unknown metric or label does not compile. */
export function series<M extends MetricName>(metric: M, matchers?: Matchers<M>): Expression {
  return selector(metric, matchers);
}

/** What a counter of the contract did over a window, as the argument of `rate` or `increase`. */
export function counterOver<M extends MetricNameOf<"counter">>(
  metric: M,
  windowMs: number,
  matchers?: Matchers<M>,
): Expression {
  return selector(metric, matchers, windowMs);
}

/** The buckets of a histogram of the contract over a window, or the one with the bound `le`. */
export function bucketsOver<M extends MetricNameOf<"histogram">>(
  metric: M,
  windowMs: number,
  matchers?: Matchers<M> & { readonly le?: string },
): Expression {
  return selector(`${metric}_bucket`, matchers, windowMs);
}

/** `up` of the service's targets: 1 where the last scrape succeeded. */
export const targetsUp: Expression = selector("up", { job: JOB });

/** The samples of a recording rule, now or over a window. */
export function recorded(name: string, windowMs?: number): Expression {
  return selector(name, {}, windowMs);
}

/** True of a latency threshold that is a bucket bound of the histogram, so that no interpolation decides. */
export function isBucketBound(metric: MetricNameOf<"histogram">, valueSeconds: number): boolean {
  return (METRICS[metric].buckets as readonly number[]).includes(valueSeconds);
}

function selector(
  metric: string,
  matchers: Readonly<Record<string, string | undefined>> = {},
  rangeMs?: number,
): Expression {
  const given = Object.entries(matchers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    kind: "selector",
    metric,
    matchers: Object.fromEntries(given),
    ...(rangeMs === undefined ? {} : { rangeMs }),
  };
}
