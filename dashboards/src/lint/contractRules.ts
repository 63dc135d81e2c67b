import { METRICS, type MetricName } from "mcp-orchestrator/contract";
import { PROCESS_METRICS } from "../query/process.ts";
import { parseQuery, type Selector } from "./promql.ts";
import { eachPanel, eachQuery, type Rule, targets } from "./rule.ts";

/** Labels that every scraped series has, and those of a histogram's buckets and of an active alert. */
const TARGET_LABELS = ["job", "instance"];
const ALERT_LABELS = ["alertname", "alertstate", "severity", "queue", "type", "lane"];

/** Rules that tie queries to the metric contract. */
export const CONTRACT_RULES: readonly Rule[] = [
  {
    name: "only-known-metrics",
    check: (dashboard) =>
      eachQuery(dashboard, (query) =>
        parseQuery(query)
          .selectors.filter((selector) => labelsOf(selector.metric) === undefined)
          .map((selector) => `${selector.metric} is in no contract`),
      ),
  },
  {
    name: "only-known-labels",
    check: (dashboard) =>
      eachQuery(dashboard, (query) => {
        const { selectors, groupedBy } = parseQuery(query);
        const known = new Set(selectors.flatMap((selector) => labelsOf(selector.metric) ?? []));
        return [...selectors.flatMap(unknownMatchers), ...groupedBy.filter((label) => !known.has(label))].map(
          (label) => `no series of ${query} has the label ${label}`,
        );
      }),
  },
  {
    name: "legend-of-own-labels",
    check: (dashboard) =>
      eachPanel(dashboard, (panel) =>
        targets(panel).flatMap((target) => {
          const { groupedBy } = parseQuery(target.expr);
          const named = [...(target.legendFormat ?? "").matchAll(/\{\{ *(\w+) *\}\}/g)].map((match) => match[1] ?? "");
          return named.filter((label) => !groupedBy.includes(label)).map((label) => `the legend names ${label}`);
        }),
      ),
  },
];

function unknownMatchers(selector: Selector): string[] {
  const known = labelsOf(selector.metric) ?? [];
  return selector.matchers.map((matcher) => matcher.label).filter((label) => !known.includes(label));
}

function labelsOf(series: string): readonly string[] | undefined {
  if (series === "ALERTS") return ALERT_LABELS;
  if (series in PROCESS_METRICS) return TARGET_LABELS;
  if (isMetric(series) && METRICS[series].type !== "histogram") return [...METRICS[series].labels, ...TARGET_LABELS];
  const histogram = series.replace(/_(bucket|sum|count)$/, "");
  if (!isMetric(histogram) || histogram === series) return undefined;
  return [...METRICS[histogram].labels, ...TARGET_LABELS, ...(series.endsWith("_bucket") ? ["le"] : [])];
}

function isMetric(name: string): name is MetricName {
  return name in METRICS;
}
