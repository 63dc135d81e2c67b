import { type LabelOf, METRICS, type MetricName, type MetricNameOf, type MetricSpec } from "./contract.ts";
import { cellLines, gaugeLines, header } from "./exposition.ts";
import { createProcessMetrics } from "./processMetrics.ts";
import type { Totals } from "./totals.ts";

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
 * Renders the contract: counters and histograms from the totals, gauges as they are read for each scrape, and
 * prom-client's metrics of this process after them.
 *
 * @param readGauges called once per scrape; must bound its own time and must not throw
 */
export function createMetrics(totals: Totals, readGauges: () => Promise<Gauges>): MetricsRenderer {
  const ofProcess = createProcessMetrics();
  const writers = (Object.entries(METRICS) as [MetricName, MetricSpec][]).map(([name, spec]) => {
    const start = header(name, spec);
    if (spec.type === "gauge") {
      return (gauges: Gauges) => start + gaugeLines(name, gauges[name as MetricNameOf<"gauge">] ?? []);
    }
    const lines = cellLines(name, spec, totals.layout);
    return () => start + lines(totals.values);
  });
  return {
    contentType: ofProcess.contentType,
    async render() {
      const reading = readGauges();
      // While Redis answers.
      const processLines = await ofProcess.metrics();
      const gauges = await reading;
      return `${writers.map((write) => write(gauges)).join("\n")}\n${processLines}`;
    },
  };
}
