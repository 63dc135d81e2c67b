import { type Finding, ok, problem } from "../finding.ts";
import { type Need, needsOf } from "../needs.ts";
import type { PrometheusApi } from "../servers.ts";
import type { Check } from "./check.ts";

/** Checks that the series that the rules read exist, with their labels. */
export const series: Check = {
  title: "Series",
  asks: ["prometheus"],
  async examine({ prometheus, installation: { rules, bundle } }) {
    const needs = needsOf(rules, bundle.scope.labels);
    const findings: Finding[] = [];
    for (const need of needs) findings.push(...(await examineNeed(prometheus, need)));
    if (findings.length > 0) return findings;
    return [ok("series", `all ${needs.length} that the rules read arrive, with their labels`)];
  },
};

async function examineNeed(prometheus: PrometheusApi, need: Need): Promise<Finding[]> {
  const { selector, metric, exposedBy, labels, conditional } = need;
  const found = await prometheus.query(`count by (${labels.join(", ")}) (${selector})`);
  if (found.length === 0) {
    if (conditional) return [];
    return [
      problem(
        selector,
        "no series arrives: the alerts that read it cannot fire",
        exposedBy === "alerting"
          ? "Scrape Prometheus itself and Alertmanager, as the jobs of alerts/generated/prometheus.yml do."
          : `Look for ${metric} on the service's /metrics. If it is there, a \`metric_relabel_configs\`, a limit on samples ` +
              "or a relabeling drops it; if not, the service is of another release than these rules.",
      ),
    ];
  }
  const lacking = labels.filter((label) => found.some((sample) => (sample.labels[label] ?? "") === ""));
  if (lacking.length === 0) return [];
  return [
    problem(
      selector,
      `arrives without the label ${lacking.join(", ")}`,
      "Look for a `labeldrop`, or for `honor_labels`, where a target label of the same name takes its place " +
        `(exported_${lacking[0]}).`,
    ),
  ];
}
