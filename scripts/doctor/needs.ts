import { PRODUCTION, parseDuration, type RuleFile, ruleFile } from "@mcp-orchestrator/alerts";
import { ALERTING_METRICS, isAlertingMetric, parseQuery, type QuerySelector } from "@mcp-orchestrator/alerts/promql";
import { METRICS, type MetricName, type MetricSpec } from "mcp-orchestrator/contract";

/** One set of scraped series that rules read. */
export type Need = {
  readonly selector: string;
  readonly metric: string;
  /** What exposes them: the service, or Prometheus and Alertmanager about themselves. */
  readonly exposedBy: "service" | "alerting";
  /** Labels that the rules need to name what they alert about. */
  readonly labels: readonly string[];
  /** True if a healthy service may have none of them. */
  readonly conditional: boolean;
};

/** The scraped series that the rules read, each once. */
export function needsOf(rules: RuleFile, scopeLabels: readonly string[]): Need[] {
  const needs = selectorsIn(rules).flatMap(({ metric, matchers }): Need[] => {
    const text = matchers.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`).join(", ");
    const selector = `${metric}{${text}}`;
    if (isAlertingMetric(metric)) {
      const { labels } = ALERTING_METRICS[metric];
      return [{ selector, metric, exposedBy: "alerting", labels, conditional: false }];
    }
    const name = metricNamed(metric);
    if (name === undefined) return [];
    const spec: MetricSpec = METRICS[name];
    const { optionalLabels = [], conditional = false } = spec;
    const labels = [...scopeLabels, ...spec.labels.filter((label) => !optionalLabels.includes(label))];
    return [{ selector, metric: name, exposedBy: "service", labels, conditional }];
  });
  return [...new Map(needs.map((need) => [need.selector, need])).values()];
}

/** Windows of the shipped rules over scraped series, in milliseconds. */
export function scrapeWindowsMs(): number[] {
  return selectorsIn(ruleFile(PRODUCTION)).flatMap(({ metric, range }) =>
    range === undefined || metricNamed(metric) === undefined ? [] : [parseDuration(range)],
  );
}

function selectorsIn({ groups }: RuleFile): QuerySelector[] {
  return groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => parseQuery(expr).selectors));
}

/** The metric of the contract of a series; undefined for recorded series and `up`. */
function metricNamed(series: string): MetricName | undefined {
  const name = series.replace(/_(bucket|sum|count)$/, "");
  return [series, name].find((each): each is MetricName => Object.hasOwn(METRICS, each));
}
