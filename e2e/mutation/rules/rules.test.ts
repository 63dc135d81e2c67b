import { ALERTS, alertNamed, BUNDLE } from "@mcp-orchestrator/alerts";
import { parsePromql } from "@mcp-orchestrator/alerts/promql";
import { rulesOf } from "@mcp-orchestrator/alerts/tools";
import { expect, test } from "vitest";
import { EQUIVALENTS, equivalenceOf } from "./equivalents.ts";
import { ruleMutants } from "./rules.ts";
import { scopeMutants } from "./scope.ts";

const mutants = ALERTS.flatMap((alert) => [...ruleMutants(alert), ...scopeMutants(alert.name)]);
const changesOf = (name: Parameters<typeof alertNamed>[0], kind: string) =>
  ruleMutants(alertNamed(name))
    .filter((mutant) => mutant.kind === kind)
    .map((mutant) => mutant.name.split(`${kind} `)[1]);

test("every mutant differs from the original and from every other, and is valid PromQL", () => {
  for (const alert of ALERTS) {
    const own = mutants.filter((mutant) => mutant.alert.name === alert.name);
    const texts = own.map(({ rules }) => JSON.stringify(rules));
    for (const { original } of own) expect(texts).not.toContain(JSON.stringify(original));
    expect(new Set(texts).size).toBe(texts.length);
  }
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  const rules = mutants.flatMap((mutant) => mutant.rules.groups.flatMap((group) => group.rules));
  for (const expr of new Set(rules.map((rule) => rule.expr))) expect(() => parsePromql(expr)).not.toThrow();
});

test("every kind of mistake occurs", () => {
  expect([...new Set(mutants.map(({ kind }) => kind))].sort()).toEqual(
    [
      ...["comparator", "number", "window", "for", "keep_firing_for", "aggregation", "grouping", "matcher", "matching"],
      ...["guard", "branch", "severity", "page", "label", "annotation", "function", "arithmetic", "offset", "rule"],
      ...["nesting", "metric", "stray matcher", "interval", "scope"],
      // With copies of a series, one of them is chosen between the rate and the sum.
      ...(BUNDLE.scope.replicaLabels.length > 0 ? [] : ["order"]),
    ].sort(),
  );
});

test("durations become a little longer, a little shorter, and zero", () => {
  expect(changesOf("NoActiveWorkers", "for")).toEqual(["2m -> 2m15s", "2m -> 1m45s", "2m -> 0s"]);
  expect(changesOf("NoActiveWorkers", "keep_firing_for")).toEqual(["3m -> 3m30s", "3m -> 2m30s", "3m -> 0s"]);
  expect(changesOf("Watchdog", "for")).toEqual(["none -> 1m"]);
});

test("labels are dropped, added and exchanged", () => {
  expect(changesOf("NoActiveWorkers", "severity")).toEqual(["critical -> warning", "critical -> info"]);
  expect(changesOf("NoActiveWorkers", "page")).toEqual(["true -> none"]);
  expect(changesOf("QueueDepthSpike", "page")).toEqual(["none -> true"]);
  expect(changesOf("QueueDepthSpike", "label")).toEqual(["service dropped", "team dropped", "value added"]);
});

test("each installation plays another sample, and only the alerts of one are looked at", () => {
  const [mutant] = scopeMutants("QueueDepthSpike");
  const { about, cases } = mutant?.alert.samples ?? { cases: [] };
  expect(about).toEqual({ cluster: "eu" });
  for (const { series } of cases) {
    expect(new Set(Object.keys(series).map((name) => /cluster="([^"]+)"/.exec(name)?.[1])).size).toBeGreaterThan(2);
  }
});

test("a group is evaluated less often", () => {
  expect(changesOf("QueueDepthSpike", "interval")).toEqual(["15s -> 30s", "15s -> 1m"]);
});

test("each recording rule is removed, and read before it is recorded", () => {
  const recorded = rulesOf(alertNamed("QueueDepthSpike")).groups.flatMap(({ rules }) =>
    // The expected installations and the evaluated groups are in every file; this alert does not read them.
    rules.flatMap((rule) => ("record" in rule && !/installation|evaluated/.test(rule.record) ? [rule] : [])),
  );
  expect(recorded.length).toBeGreaterThan(1);
  const changes = ["removed", "moved behind what reads it"];
  expect(changesOf("QueueDepthSpike", "rule")).toEqual(recorded.flatMap(() => changes));
  const moved = ruleMutants(alertNamed("QueueDepthSpike")).filter(({ name }) => name.endsWith("what reads it"));
  expect(moved.map(({ rules }) => rules.groups[0]?.rules.at(-1))).toEqual(recorded);
});

test("every reason for an equivalent mutant belongs to an existing mutant", () => {
  // An installation without Grafana has no links to it, one without scope labels has nothing to match by.
  const about = EQUIVALENTS.filter(
    ({ mutant: { source } }) =>
      (BUNDLE.links.dashboards || !source.includes("dashboard_url")) &&
      (BUNDLE.scope.labels.length > 0 || !source.includes("matching")),
  );
  const unfounded = about.filter(({ mutant }) => !mutants.some(({ name }) => mutant.test(name)));
  expect(unfounded.map(({ mutant }) => `${mutant}`)).toEqual([]);
  expect(equivalenceOf("QueueDepthSpike / QueueDepthSpike: for 5m -> 0s")).toBeUndefined();
});
