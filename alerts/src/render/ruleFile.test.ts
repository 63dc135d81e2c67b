import { METRICS } from "mcp-orchestrator/contract";
import { describe, expect, test } from "vitest";
import { BUNDLE } from "../bundle/index.ts";
import { ALERTS, GROUPS } from "../catalogue/index.ts";
import { ALERTING_METRICS } from "../promql/alertingMetrics.ts";
import { parseQuery } from "../promql/query.ts";
import { nodesOf, type PromqlNode, parsePromql, shapeOf } from "../promql/tree.ts";
import { drillProfile, formatDuration, PRODUCTION } from "../timing.ts";
import { renderPromtoolTests } from "./promtoolTests.ts";
import { ruleFile } from "./ruleFile.ts";

const production = ruleFile(PRODUCTION);
const rules = production.groups.flatMap((group) => group.rules);
const recorded = rules.flatMap((rule) => ("record" in rule ? [rule.record] : []));

/** Series of Prometheus itself. */
const OWN_SERIES = ["up", "ALERTS"];
/** Labels that a scrape adds. */
const TARGET_LABELS = [
  ...["job", "instance"],
  ...[...Object.keys(BUNDLE.selector), ...BUNDLE.scope.labels, ...BUNDLE.scope.replicaLabels],
];
/** Labels that Prometheus gives the series of an alert. */
const ALERT_LABELS = ["alertname", "alertstate"];

const labelsByMetric = new Map<string, readonly string[]>([
  ...ALERTS.flatMap(({ signal }) => (signal === undefined ? [] : [...(signal.inputs ?? []), signal])).map(
    ({ record, labels }): [string, readonly string[]] => [record, labels],
  ),
  ...Object.entries(ALERTING_METRICS).map(([name, { labels }]): [string, readonly string[]] => [name, labels]),
  ...Object.entries(METRICS).flatMap(([name, spec]): [string, readonly string[]][] =>
    spec.type === "histogram"
      ? [
          [`${name}_bucket`, [...spec.labels, "le"]],
          [`${name}_count`, spec.labels],
        ]
      : [[name, spec.labels]],
  ),
]);

const metricsIn = (expression: string) => parseQuery(expression).selectors.map(({ metric }) => metric);
const labelNamesIn = (node: PromqlNode) =>
  [...nodesOf(node)].filter(({ name }) => name === "LabelName").map(({ text }) => text);

describe.each(rules.map((rule) => ({ name: "alert" in rule ? rule.alert : rule.record, rule })))(
  "$name",
  ({ rule }) => {
    test("reads only series of the contract, of Prometheus and of its own recording rules", () => {
      const read = metricsIn(rule.expr);
      const known = [...labelsByMetric.keys(), ...OWN_SERIES, ...recorded];
      expect(read.filter((metric) => !known.includes(metric))).toEqual([]);
    });

    test("matches and groups only by labels that its series have", () => {
      const known = metricsIn(rule.expr).flatMap((metric) => labelsByMetric.get(metric) ?? []);
      const used = labelNamesIn(parsePromql(rule.expr));
      expect(used.filter((label) => ![...known, ...TARGET_LABELS, ...ALERT_LABELS].includes(label))).toEqual([]);
    });

    test("reads recorded series only after they are recorded", () => {
      const before = rules.slice(0, rules.indexOf(rule)).flatMap((each) => ("record" in each ? [each.record] : []));
      const read = metricsIn(rule.expr).filter((metric) => metric.includes(":"));
      expect(read.filter((metric) => !before.includes(metric))).toEqual([]);
    });
  },
);

describe.each([1, 7, 60, 600])("the drill at a factor of %i", (factor) => {
  const drill = ruleFile(drillProfile(factor));

  test("differs from production only in durations", () => {
    const shape = (file: typeof production) =>
      file.groups.map(({ name, rules: own }) => ({
        name,
        rules: own.map((rule) => ({
          ...rule,
          expr: shapeOf(parsePromql(rule.expr)),
          ...("for" in rule ? { for: "DURATION" } : {}),
          ...("keep_firing_for" in rule ? { keep_firing_for: "DURATION" } : {}),
        })),
      }));
    expect(shape(drill)).toEqual(shape(production));
  });

  test("divides every duration by the factor, to the millisecond", () => {
    const durations = (file: typeof production) =>
      JSON.stringify(file).match(/(?<=\[|"(?:for|keep_firing_for|interval)":")[0-9hms]+/g) ?? [];
    const ms = (text: string) =>
      [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
        (sum, [, count, unit]) => sum + Number(count) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit ?? ""] ?? 0),
        0,
      );
    expect(durations(drill).map(ms)).toEqual(durations(production).map((text) => Math.round(ms(text) / factor)));
    expect(durations(drill).length).toBeGreaterThan(30);
  });
});

test("rules are evaluated as often as the samples assume", () => {
  // promtool takes the interval from its own file, not from the groups.
  const assumed = GROUPS.map(({ alerts }) => alerts.map((alert) => renderPromtoolTests("rules.yml", [alert])));
  for (const [index, { interval }] of production.groups.entries()) {
    for (const tests of assumed[index] ?? []) expect(tests).toContain(`\nevaluation_interval: ${interval}\n`);
  }
  expect([...new Set(production.groups.map(({ interval }) => interval))]).toEqual(["15s", "5m"]);
});

test("a threshold is not a duration: none of them is scaled", () => {
  const numbers = (factor: number) => JSON.stringify(ruleFile(drillProfile(factor))).match(/[><=] \d+(\.\d+)?/g);
  expect(numbers(60)).toEqual(numbers(1));
  expect(formatDuration(90_061_001)).toBe("25h1m1s1ms");
});
