import { Counter, Gauge, type GaugeConfiguration, Histogram, type Metric, Registry } from "prom-client";
import { type LabelOf, METRICS, type MetricName, type MetricNameOf, type MetricSpec } from "./contract.ts";
import { DELTA_WIDTH, type Deltas } from "./counterDeltas.ts";
import { type CounterSink, CounterTelemetry } from "./counterTelemetry.ts";
import type { LabelsOf, Layout, Series } from "./layout.ts";
import type { Telemetry } from "./telemetry.ts";

/** Formats of `/metrics`, by their content type. */
export const TEXT_FORMAT = Registry.PROMETHEUS_CONTENT_TYPE;
export const OPEN_METRICS = Registry.OPENMETRICS_CONTENT_TYPE;
export type Format = typeof TEXT_FORMAT | typeof OPEN_METRICS;

/** One sample of a metric. */
export type Sample<M extends MetricName> = {
  readonly labels: Readonly<Record<LabelOf<M>, string>>;
  readonly value: number;
};
/** Samples of gauges. One that is missing, or has no samples, is absent from the scrape: never 0 and never stale. */
export type Gauges = { readonly [M in GaugeName]?: readonly Sample<M>[] };
type GaugeName = MetricNameOf<"gauge">;
type AnySample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** Most observations that one report may have in one bucket: each is one call. */
const MOST_OBSERVED = 1_000_000;

/**
 * The metrics of the contract, and of this process. Counters and histograms are fed by the deltas of the workers: a
 * worker reports each increment once, and a killed one loses only what it had not reported. So they never fall, and
 * count nothing twice.
 */
export class ServiceMetrics implements CounterSink {
  readonly layout: Layout;
  readonly telemetry: Telemetry;
  readonly #text = new Registry();
  readonly #openMetrics = new Registry(OPEN_METRICS);
  readonly #counters = new Map<MetricName, Counter<string>>();
  readonly #gauges: MomentaryGauge[] = [];
  #written: Promise<unknown> = Promise.resolve();
  /** What adds to each offset of the layout. */
  readonly #adders: ((count: number, sum: number) => void)[] = [];

  /** @param addOthers registers what is shown beside the contract */
  constructor(layout: Layout, addOthers: (registry: Registry) => void = () => undefined) {
    this.layout = layout;
    this.telemetry = new CounterTelemetry(layout, this);
    for (const [name, spec] of Object.entries(METRICS) as [MetricName, MetricSpec][]) {
      const series = layout.series.filter(({ metric }) => metric === name);
      const config = { name, help: spec.help, labelNames: spec.labels, registers: [this.#text] };
      if (spec.type === "gauge") this.#gauges.push(new MomentaryGauge(name as GaugeName, config));
      else if (spec.type === "counter") this.#addCounter(name, new Counter<string>(config), series);
      else this.#addHistogram(new Histogram<string>({ ...config, buckets: [...(spec.buckets ?? [])] }), spec, series);
    }
    addOthers(this.#text);
    for (const { name } of this.#text.getMetricsAsArray()) {
      this.#openMetrics.registerMetric(ownName(this.#text.getSingleMetric(name) as Metric));
    }
  }

  add(offset: number, count: number, sum: number): void {
    this.#adders[offset]?.(count, sum);
  }

  /** Breakers are those of the workers, which report their states beside the deltas. */
  circuit(): void {}

  /**
   * Adds what a worker reported: all of it, or nothing when any part of it is malformed.
   *
   * @returns false when it was malformed
   */
  merge(deltas: Deltas): boolean {
    if (deltas.length % DELTA_WIDTH !== 0) return false;
    for (let at = 0; at < deltas.length; at += DELTA_WIDTH) {
      const [offset, count, sum] = deltas.slice(at, at + DELTA_WIDTH) as [number, number, number];
      if (!Number.isInteger(offset) || offset < 0 || offset >= this.layout.size) return false;
      if (!Number.isInteger(count) || count < 0 || count > MOST_OBSERVED) return false;
      if (!Number.isFinite(sum) || sum < 0) return false;
    }
    for (let at = 0; at < deltas.length; at += DELTA_WIDTH) {
      this.add(deltas[at] as number, deltas[at + 1] as number, deltas[at + 2] as number);
    }
    return true;
  }

  /** Adds to a counter. */
  increment<M extends MetricNameOf<"counter">>(metric: M, labels: LabelsOf<M>, count = 1): void {
    this.add(this.layout.offsetOf(metric, labels), count, 0);
  }

  /** The series of a counter. */
  async read<M extends MetricNameOf<"counter">>(metric: M): Promise<readonly Sample<M>[]> {
    const { values = [] } = (await this.#counters.get(metric)?.get()) ?? {};
    return values.map(({ labels, value }) => ({ labels: labels as Sample<M>["labels"], value }));
  }

  /**
   * Writes all metrics.
   *
   * @param gauges as they are now: no gauge keeps an earlier sample
   */
  async write(format: Format, gauges: Gauges): Promise<string> {
    // One after the other, so that all gauges of a scrape are from one moment.
    const written = this.#written.then(() => {
      for (const gauge of this.#gauges) gauge.show(gauges[gauge.name] ?? []);
      return (format === OPEN_METRICS ? this.#openMetrics : this.#text).metrics();
    });
    this.#written = written.catch(() => undefined);
    return await written;
  }

  #addCounter(name: MetricName, counter: Counter<string>, series: readonly Series[]): void {
    this.#counters.set(name, counter);
    for (const { labels, offset } of series) {
      const child = counter.labels(labels);
      child.inc(0);
      this.#adders[offset] = (count) => child.inc(count);
    }
  }

  /** The sum of a bucket's observations is spread over them evenly: each then lies in the bucket, and number and sum are right. */
  #addHistogram(histogram: Histogram<string>, { buckets = [] }: MetricSpec, series: readonly Series[]): void {
    const bounds = [...buckets, Number.POSITIVE_INFINITY];
    for (const { labels, offset } of series) {
      histogram.zero(labels);
      const child = histogram.labels(labels);
      for (const [bucket, upper] of bounds.entries()) {
        const lower = bounds[bucket - 1] ?? Number.NEGATIVE_INFINITY;
        // Rounding must not move it into a neighbouring bucket.
        const lowest = lower * (1 + Number.EPSILON);
        this.#adders[offset + bucket] = (count, sum) => {
          const each = Math.min(upper, Math.max(lowest, sum / count));
          for (let n = 0; n < count; n++) child.observe(each);
        };
      }
    }
  }
}

/** A gauge that keeps no sample from one scrape to the next. */
class MomentaryGauge {
  readonly name: GaugeName;
  readonly #gauge: Gauge<string>;
  #shown: readonly AnySample[] = [];

  constructor(name: GaugeName, config: GaugeConfiguration<string>) {
    this.name = name;
    this.#gauge = new Gauge(config);
    this.show([]);
  }

  show(samples: readonly AnySample[]): void {
    // The series are mostly those of the last scrape. Removing and adding all of them would take a third of the time.
    if (!haveSameLabels(samples, this.#shown)) for (const { labels } of this.#shown) this.#gauge.remove(labels);
    // A gauge without labels is 0 before it is set.
    if (samples.length === 0) this.#gauge.remove({});
    for (const { labels, value } of samples) this.#gauge.set(labels, value);
    this.#shown = samples;
  }
}

function haveSameLabels(some: readonly AnySample[], others: readonly AnySample[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ labels }, at) => Object.entries(labels).every(([name, value]) => others[at]?.labels[name] === value))
  );
}

/**
 * A view of a metric with a name of its own: a registry of OpenMetrics takes `_total` off the names of the counters that are
 * registered with it, and the other registry needs it.
 */
function ownName<M extends object>(metric: M): M {
  return Object.create(metric) as M;
}
