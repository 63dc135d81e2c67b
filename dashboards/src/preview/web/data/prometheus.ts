import type { Labels } from "./legend.ts";

/** One series over a range: pairs of epoch seconds and value. */
export type RangeSeries = { readonly labels: Labels; readonly points: readonly (readonly [number, number])[] };
/** One sample at a moment. */
export type InstantSample = { readonly labels: Labels; readonly value: number };

/** Prometheus rejected a request or did not answer. */
export class PrometheusError extends Error {
  override name = "PrometheusError";
}

type Answer<T> = { status: "success"; data: T } | { status: "error"; error: string };
type Vector = { result: { metric: Labels; value: [number, string] }[] };
type Matrix = { result: { metric: Labels; values: [number, string][] }[] };

/** Queries Prometheus through the preview's server. */
export class Prometheus {
  readonly #base: string;

  /** @param base address of the API, without `/api/v1` */
  constructor(base: string) {
    this.#base = base;
  }

  /**
   * Evaluates a query at a range of moments, in epoch seconds.
   *
   * @throws PrometheusError
   */
  async range(query: string, grid: { fromS: number; toS: number; stepS: number }, signal: AbortSignal) {
    const { result } = await this.#get<Matrix>("query_range", signal, {
      query,
      start: String(grid.fromS),
      end: String(grid.toS),
      step: String(grid.stepS),
    });
    return result.map(
      ({ metric, values }): RangeSeries => ({
        labels: metric,
        points: values.map(([time, value]) => [time, Number(value)]),
      }),
    );
  }

  /**
   * Evaluates a query at one moment, in epoch seconds.
   *
   * @throws PrometheusError
   */
  async instant(query: string, timeS: number, signal: AbortSignal): Promise<InstantSample[]> {
    const { result } = await this.#get<Vector>("query", signal, { query, time: String(timeS) });
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /**
   * Values of a label among matching series.
   *
   * @throws PrometheusError
   */
  labelValues(label: string, selector: string, fromS: number, toS: number, signal: AbortSignal): Promise<string[]> {
    return this.#get(`label/${label}/values`, signal, { "match[]": selector, start: String(fromS), end: String(toS) });
  }

  /**
   * The shortest scrape interval among the targets of a job, as a Prometheus duration.
   *
   * @throws PrometheusError
   */
  async scrapeIntervals(job: string, signal: AbortSignal): Promise<string[]> {
    const { activeTargets } = await this.#get<{ activeTargets: { labels: Labels; scrapeInterval?: string }[] }>(
      "targets",
      signal,
      { state: "active" },
    );
    return activeTargets.flatMap(({ labels, scrapeInterval }) =>
      labels.job === job && scrapeInterval !== undefined ? [scrapeInterval] : [],
    );
  }

  async #get<T>(path: string, signal: AbortSignal, params: Record<string, string>): Promise<T> {
    const response = await fetch(`${this.#base}/api/v1/${path}?${new URLSearchParams(params)}`, { signal });
    const text = await response.text();
    const answer = parse<T>(text);
    if (answer?.status === "success") return answer.data;
    throw new PrometheusError(answer?.error ?? `Prometheus is not reachable (${response.status})`);
  }
}

function parse<T>(text: string): Answer<T> | undefined {
  try {
    return JSON.parse(text) as Answer<T>;
  } catch {
    return undefined;
  }
}
