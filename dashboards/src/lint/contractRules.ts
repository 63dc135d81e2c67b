import { CATALOGUE } from "@mcp-orchestrator/alerts";
import { ALERTING_METRICS, isAlertingMetric, RULES_EVALUATED } from "@mcp-orchestrator/alerts/promql";
import { METRICS, type MetricName } from "mcp-orchestrator/contract";
import { ALERT_LABELS } from "../query/alertStates.ts";
import { PROCESS_METRICS } from "../query/process.ts";
import { parseQuery, type Selector } from "./promql.ts";
import { eachPanel, eachQuery, type Rule, targets } from "./rule.ts";

const { selector, scope } = CATALOGUE.bundle;
/** Labels by which an installation is found and distinguished; every series has them. */
const INSTALLATION_LABELS = [...Object.keys(selector), ...scope.labels];
/** Labels that every scraped series has. */
const TARGET_LABELS = ["job", "instance"];

/** Labels of each series that the rules record. */
const RECORDED = new Map(
  CATALOGUE.groups
    .flatMap(({ alerts }) => alerts)
    .flatMap(({ signal }) => (signal === undefined ? [] : [signal, ...(signal.inputs ?? [])]))
    .map(({ record, labels }) => [record, labels]),
);

/** Rules that check queries against the metric contract. */
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
        const known = new Set([
          ...selectors.flatMap((selector) => labelsOf(selector.metric) ?? []),
          ...newLabels(query),
          ...INSTALLATION_LABELS,
        ]);
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
          const { groupedBy, selectors } = parseQuery(target.expr);
          const known = [
            ...groupedBy,
            ...newLabels(target.expr),
            ...selectors.flatMap(({ metric }) => RECORDED.get(metric) ?? []),
          ];
          const named = [...(target.legendFormat ?? "").matchAll(/\{\{ *(\w+) *\}\}/g)].map((match) => match[1] ?? "");
          return named.filter((label) => !known.includes(label)).map((label) => `the legend names ${label}`);
        }),
      ),
  },
];

/** Labels that the query itself adds. */
function newLabels(query: string): string[] {
  return [...query.matchAll(/label_replace\(.*?, "(\w+)", /g)].map(([, label]) => label ?? "");
}

function unknownMatchers(selector: Selector): string[] {
  const known = [...(labelsOf(selector.metric) ?? []), ...INSTALLATION_LABELS];
  return selector.matchers.map((matcher) => matcher.label).filter((label) => !known.includes(label));
}

function labelsOf(series: string): readonly string[] | undefined {
  if (series === "ALERTS") return ALERT_LABELS;
  if (series.endsWith(RULES_EVALUATED)) return ["group"];
  if (RECORDED.has(series)) return RECORDED.get(series);
  if (series in PROCESS_METRICS) return TARGET_LABELS;
  if (isAlertingMetric(series)) return [...ALERTING_METRICS[series].labels, ...TARGET_LABELS];
  if (isMetric(series) && METRICS[series].type !== "histogram") return [...METRICS[series].labels, ...TARGET_LABELS];
  const histogram = series.replace(/_(bucket|sum|count)$/, "");
  if (!isMetric(histogram) || histogram === series) return undefined;
  return [...METRICS[histogram].labels, ...TARGET_LABELS, ...(series.endsWith("_bucket") ? ["le"] : [])];
}

function isMetric(name: string): name is MetricName {
  return name in METRICS;
}
