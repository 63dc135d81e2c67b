import { ALERTING_METRICS, isAlertingMetric } from "@mcp-orchestrator/alerts/promql";
import { METRICS } from "mcp-orchestrator/contract";

/** Matchers that a copied query may have left over, by label. */
const COPIED: Readonly<Record<string, string>> = { type: "ml", lane: "regular", reason: "timeout", outcome: "ok" };

const ALL: Readonly<Record<string, { readonly type: string; readonly labels: readonly string[] }>> = {
  ...METRICS,
  ...ALERTING_METRICS,
};

/** Matchers that a selector of a series should not have, as far as the series has their labels. */
export function strayMatchers(series: string): { readonly label: string; readonly matcher: string }[] {
  const labels = ALL[nameAndPart(series).name]?.labels ?? labelsOfRecord(series).split("_");
  // Prometheus and Alertmanager are jobs of their own.
  const copied = { ...COPIED, ...(isAlertingMetric(series) ? { job: "mcp-orchestrator" } : {}) };
  return Object.entries(copied)
    .filter(([label]) => label === "job" || labels.includes(label))
    .map(([label, value]) => ({ label, matcher: `${label}="${value}"` }));
}

/** The next series that is as easily written: of a metric of the same kind and labels, or recorded by the same labels. */
export function confusedWith(series: string, records: readonly string[]): string | undefined {
  const { name, part } = nameAndPart(series);
  const spec = ALL[name];
  const alike =
    spec === undefined
      ? records.filter((other) => labelsOfRecord(other) === labelsOfRecord(series))
      : Object.keys(ALL).filter(
          (other) => ALL[other]?.type === spec.type && `${ALL[other].labels}` === `${spec.labels}`,
        );
  const next = alike[(alike.indexOf(name) + 1) % alike.length];
  return next === undefined || next === name ? undefined : next + part;
}

/** The first part of the name of a recorded series. */
function labelsOfRecord(record: string): string {
  return record.split(":")[0] ?? "";
}

function nameAndPart(series: string): { name: string; part: string } {
  const [, name = series, part = ""] = /^(.*)(_bucket|_count|_sum)$/.exec(series) ?? [];
  return name in ALL ? { name, part } : { name: series, part: "" };
}
