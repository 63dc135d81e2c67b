import type { MetricSpec } from "./contract.ts";
import type { Layout } from "./layout.ts";

/** One sample of a gauge. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** The comment lines over the samples of a metric. */
export function header(name: string, { help, type }: MetricSpec): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** Lines of a gauge. */
export function gaugeLines(name: string, samples: readonly Sample[]): string {
  let text = "";
  for (const { labels, value } of samples) text += `${name}${labelsOf(labels)} ${value}\n`;
  return text;
}

/** Writes the current lines of one counter or histogram. */
export type CellLines = (values: Float64Array) => string;

/**
 * Prepares the lines of a counter or a histogram. Its series never change, so all but the numbers is written once: a
 * scrape would otherwise spend most of its time on labels.
 */
export function cellLines(name: string, spec: MetricSpec, layout: Layout): CellLines {
  const series = [...layout.series].find(([metric]) => metric === name)?.[1] ?? [];
  const lines: CellLines[] = series.map(({ labels, offset, width }) => {
    const { buckets } = spec;
    if (buckets === undefined) {
      const start = `${name}${labelsOf(labels)} `;
      return (values) => `${start}${values[offset]}\n`;
    }
    const bucketStarts = [...buckets.map(String), "+Inf"].map((le) => `${name}_bucket${labelsOf({ ...labels, le })} `);
    const sumStart = `${name}_sum${labelsOf(labels)} `;
    const countStart = `${name}_count${labelsOf(labels)} `;
    return (values) => {
      let text = "";
      let count = 0;
      for (const [bucket, start] of bucketStarts.entries()) {
        count += values[offset + bucket] as number;
        text += `${start}${count}\n`;
      }
      return `${text}${sumStart}${values[offset + width - 1]}\n${countStart}${count}\n`;
    };
  });
  return (values) => {
    let text = "";
    for (const line of lines) text += line(values);
    return text;
  };
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n") : value;
}
