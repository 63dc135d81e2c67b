import { ALERTS, type Alert, BUNDLE, GROUPS } from "@mcp-orchestrator/alerts";
import { ALERTING_METRICS, RULES_EVALUATED } from "@mcp-orchestrator/alerts/promql";
import { METRICS, type MetricName } from "mcp-orchestrator/contract";
import { PROCESS_METRICS } from "../../src/query/process.ts";
import { ALERT_COURSES, COURSES, kindOf, medianSeconds, PROCESS_COURSES, signalValue } from "./values.ts";
import { combinations, EXPOSED_PROCESS_METRICS, type Labels, labelSets } from "./workload.ts";

const STEP_SECONDS = 15;
/** Length of the recorded time, which includes its incidents. */
export const HISTORY_MINUTES = 120;
/** One alert for each recorded series. The inputs of those on error budgets are drawn too. */
const SIGNALS = new Map<string, Alert>(
  ALERTS.toReversed().flatMap((alert) => {
    const { signal, objective } = alert;
    const records = [signal, ...(objective === undefined ? [] : (signal?.inputs ?? []))];
    return records.flatMap((one) => (one === undefined ? [] : [[one.record, alert] as const]));
  }),
);
const TARGET = { job: BUNDLE.job, instance: "orchestrator-1:8000" };
/** Spread of durations around their median, as the sigma of a log-normal distribution. */
const SPREAD = 0.55;

/**
 * Two hours of every series of the service as OpenMetrics with timestamps: an ordinary evening with a stalled upstream,
 * a slow one and a burst of crashes.
 *
 * @param endSeconds epoch seconds of the last sample
 */
export function openMetricsHistory(endSeconds: number): string {
  const startSeconds = endSeconds - HISTORY_MINUTES * 60;
  const lines: string[] = [];
  const totals = new Map<string, number>();
  const grow = (series: string, by: number) => {
    const total = (totals.get(series) ?? 0) + by;
    totals.set(series, total);
    return total;
  };
  for (let at = startSeconds; at <= endSeconds; at += STEP_SECONDS) {
    const minute = (at - startSeconds) / 60;
    const write = (name: string, value: number) => lines.push(`${name} ${value} ${at}`);
    for (const metric of Object.keys(METRICS) as MetricName[]) {
      for (const labels of labelSets(metric)) {
        const value = COURSES[metric](labels, minute);
        if (kindOf(metric) === "gauge") write(series(metric, labels), round(value));
        else if (kindOf(metric) === "counter")
          write(series(metric, labels), grow(series(metric, labels), value * STEP_SECONDS));
        else writeHistogram(metric, labels, value * STEP_SECONDS, medianSeconds(metric, labels, minute), write, grow);
      }
    }
    for (const metric of EXPOSED_PROCESS_METRICS) {
      const value = metric === "process_start_time_seconds" ? startSeconds + 540 : PROCESS_COURSES[metric](minute);
      const isCounter = PROCESS_METRICS[metric] === "counter";
      write(series(metric, {}), isCounter ? grow(metric, value * STEP_SECONDS) : value);
    }
    for (const [record, alert] of SIGNALS) {
      for (const labels of combinations(alert.signal?.labels ?? [])) {
        write(plain(record, labels), round(signalValue(alert, labels, minute)));
      }
    }
    for (const [name, { type, labels }] of Object.entries(ALERTING_METRICS)) {
      const perSecond = /failures|errors|dropped|failed/.test(name) ? 0 : 0.1;
      for (const own of combinations(labels)) {
        const series = plain(name, { job: "alerting", instance: "localhost", ...own });
        write(series, type === "gauge" ? alertingValue(name) : grow(series, perSecond * STEP_SECONDS));
      }
    }
    for (const { name: group } of GROUPS) write(plain(RULES_EVALUATED, { group }), 1);
    write(plain("ALERTS", { alertname: "Watchdog", severity: "none", alertstate: "firing" }), 1);
    for (const { labels, pending, firing, end } of ALERT_COURSES) {
      if (minute < pending || minute >= end) continue;
      write(plain("ALERTS", { ...labels, alertstate: minute < firing ? "pending" : "firing" }), 1);
    }
  }
  return `${lines.join("\n")}\n# EOF\n`;
}

function writeHistogram(
  metric: MetricName,
  labels: Labels,
  count: number,
  medianS: number,
  write: (name: string, value: number) => void,
  grow: (series: string, by: number) => number,
): void {
  const spec = METRICS[metric];
  const buckets: readonly number[] = "buckets" in spec ? spec.buckets : [];
  for (const bound of buckets) {
    const name = series(`${metric}_bucket`, { ...labels, le: String(bound) });
    write(name, grow(name, count * below(bound, medianS)));
  }
  const all = series(`${metric}_bucket`, { ...labels, le: "+Inf" });
  write(all, grow(all, count));
  for (const [suffix, by] of [
    ["count", count],
    ["sum", count * medianS * 1.16],
  ] as const) {
    const name = series(`${metric}_${suffix}`, labels);
    write(name, grow(name, by));
  }
}

function alertingValue(name: string): number {
  if (name.endsWith("_duration_seconds")) return 0.004;
  return name.endsWith("_interval_seconds") ? STEP_SECONDS : 1;
}

/** Share of a log-normal distribution below a bound. */
function below(bound: number, median: number): number {
  const z = Math.log(bound / median) / SPREAD;
  return 1 / (1 + Math.exp(-1.702 * z));
}

function series(name: string, labels: Labels): string {
  return plain(name, { ...TARGET, ...labels });
}

function plain(name: string, labels: Labels): string {
  return `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(",")}}`;
}

function round(value: number): number {
  return Number(value.toPrecision(8));
}
