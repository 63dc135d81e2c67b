import { ALERTS, alertNamed } from "@mcp-orchestrator/alerts";
import { parsePromql } from "@mcp-orchestrator/alerts/promql";
import { rulesOf } from "@mcp-orchestrator/alerts/tools";
import { expect, test } from "vitest";
import { EQUIVALENTS, equivalenceOf } from "./equivalents.ts";
import { ruleMutants } from "./rules.ts";

const mutants = ALERTS.flatMap((alert) => ruleMutants(alert));
const changesOf = (name: Parameters<typeof alertNamed>[0], kind: string) =>
  ruleMutants(alertNamed(name))
    .filter((mutant) => mutant.kind === kind)
    .map((mutant) => mutant.name.split(`${kind} `)[1]);

test("every mutant is another rule file than the original and than every other, and still PromQL", () => {
  for (const alert of ALERTS) {
    const texts = ruleMutants(alert).map(({ rules }) => JSON.stringify(rules));
    expect(texts).not.toContain(JSON.stringify(rulesOf(alert)));
    expect(new Set(texts).size).toBe(texts.length);
  }
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  for (const { rules } of mutants) {
    for (const rule of rules.groups.flatMap((group) => group.rules)) expect(() => parsePromql(rule.expr)).not.toThrow();
  }
});

test("every kind of mistake is made somewhere", () => {
  expect([...new Set(mutants.map(({ kind }) => kind))].sort()).toEqual(
    [
      ...["comparator", "number", "window", "for", "keep_firing_for", "aggregation", "grouping", "matcher"],
      ...["guard", "branch", "severity", "page", "label", "annotation", "function", "arithmetic", "offset", "rule"],
    ].sort(),
  );
});

test("durations become a little longer, a little shorter, and nothing", () => {
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

test("a recording rule is removed, and read before it is recorded", () => {
  expect(changesOf("QueueDepthSpike", "rule")).toEqual(["removed", "moved behind what reads it"]);
  const [moved] = ruleMutants(alertNamed("QueueDepthSpike")).filter(({ name }) => name.endsWith("what reads it"));
  expect(moved?.rules.groups[0]?.rules.map((rule) => ("alert" in rule ? rule.alert : rule.record))).toEqual([
    "QueueDepthSpike",
    "queue:mcp_queue_depth:max",
  ]);
});

test("every reason why a mutant is equivalent is about a mutant that there is", () => {
  for (const { mutant } of EQUIVALENTS)
    expect(
      mutants.some(({ name }) => mutant.test(name)),
      `${mutant}`,
    ).toBe(true);
  expect(equivalenceOf("QueueDepthSpike / QueueDepthSpike: for 5m -> 0s")).toBeUndefined();
});
