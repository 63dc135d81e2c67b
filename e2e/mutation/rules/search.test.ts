import { alertNamed } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { ruleMutants } from "./rules.ts";
import { bothRules, comparison, randomSets } from "./search.ts";

const depth = alertNamed("QueueDepthSpike");
const [mutant] = ruleMutants(depth);

test("a seed gives the same sets, and another one others", () => {
  expect(randomSets(depth, 5, 1)).toEqual(randomSets(depth, 5, 1));
  expect(randomSets(depth, 5, 1)).not.toEqual(randomSets(depth, 5, 2));
});

test("a replica keeps all buckets of a histogram together", () => {
  for (const { series } of randomSets(alertNamed("ExpressWaitHigh"), 50, 1)) {
    const names = Object.keys(series).filter((name) => name.includes("_bucket"));
    const replicas = Map.groupBy(names, (name) => name.replace(/,? ?le="[^"]*"/, ""));
    expect([...replicas.values()].every((buckets) => buckets.some((name) => name.includes('le="+Inf"')))).toBe(true);
  }
});

test("a mutant runs beside its original and reads only its own series", () => {
  const [original, other] = mutant === undefined ? [] : bothRules(mutant).groups;
  const names = (group: typeof original) =>
    (group?.rules ?? []).map((rule) => ("alert" in rule ? rule.alert : rule.record));
  const records = names(original).filter((name) => name.includes(":"));
  expect(names(original)).toEqual([...records, "QueueDepthSpike", "QueueDepthSpikeText"]);
  const renamed = records.map((name) => `mutant:${name}`);
  expect(names(other)).toEqual([...renamed, "QueueDepthSpikeMutant", "QueueDepthSpikeMutantText"]);
  const read = other?.rules.find((rule) => "alert" in rule)?.expr ?? "";
  for (const name of records) expect(read.replaceAll(`mutant:${name}`, "")).not.toContain(name);
  expect(read).toContain('alertname="QueueDepthSpikeMutant"');
});

test("each set is a test of its own, in both directions and with the texts", () => {
  if (mutant === undefined) throw new RangeError("There is no mutant");
  const [, tests] = comparison(mutant, randomSets(depth, 3, 1));
  expect(tests.match(/name: set \d/g)).toEqual(["name: set 0", "name: set 1", "name: set 2"]);
  expect(tests.match(/exp_samples: \[\]/g)).toHaveLength(3 * 4);
});
