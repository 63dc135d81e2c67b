import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { type LabelOf, METRICS, type MetricName, type MetricNameOf, type MetricSpec } from "./contract.ts";
import type { Series } from "./layout.ts";
import type { Totals } from "./totals.ts";

type Sample = {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly metricName?: string;
};

/** Samples of one gauge. */
export type GaugeSamples<M extends MetricName> = readonly {
  readonly labels: Readonly<Record<LabelOf<M>, string>>;
  readonly value: number;
}[];

/** Samples of gauges. One that is missing, or has no samples, is absent from the scrape: never 0 and never stale. */
export type Gauges = { readonly [M in MetricNameOf<"gauge">]?: GaugeSamples<M> };

/** What `GET /metrics` answers with. */
export type MetricsRenderer = { readonly contentType: string; render(): Promise<string> };

/**
 * Builds the registry from the contract: counters and histograms from the totals, gauges as they are read for each
 * scrape, and prom-client's `process_*` and `nodejs_*` of this process.
 *
 * @param readGauges called once per scrape; must bound its own time and must not throw
 */
export function createMetrics(totals: Totals, readGauges: () => Promise<Gauges>): MetricsRenderer {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let gauges: Gauges = {};
  for (const [name, spec] of Object.entries(METRICS) as [MetricName, MetricSpec][]) {
    const samples = (): readonly Sample[] =>
      spec.type === "gauge"
        ? (gauges[name as MetricNameOf<"gauge">] ?? [])
        : (totals.layout.series.get(name as MetricNameOf<"counter">) ?? []).flatMap((series) =>
            spec.buckets === undefined
              ? [{ labels: { ...series.labels }, value: totals.values[series.offset] as number }]
              : histogramSamples(name, spec.buckets, series, totals.values),
          );
    register(registry, name, spec, samples);
  }
  return {
    contentType: registry.contentType,
    async render() {
      gauges = await readGauges();
      return registry.metrics();
    },
  };
}

/** prom-client takes any object with this shape; only its own classes are in its types. */
function register(registry: Registry, name: string, spec: MetricSpec, samples: () => readonly Sample[]): void {
  const { help, type } = spec;
  const metric = {
    name,
    help,
    type,
    aggregator: "sum",
    get: async () => ({ name, help, type, aggregator: "sum", values: samples() }),
    reset: () => undefined,
  };
  registry.registerMetric(metric as unknown as Metric<string>);
}

function histogramSamples(
  name: string,
  bounds: readonly number[],
  series: Series,
  values: Float64Array,
): readonly Sample[] {
  let count = 0;
  const buckets = [...bounds, "+Inf"].map((le, index) => {
    count += values[series.offset + index] as number;
    return { metricName: `${name}_bucket`, labels: { ...series.labels, le }, value: count };
  });
  const labels = { ...series.labels };
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: values[series.offset + series.width - 1] as number },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
