import {
  type Alert,
  type AlertingRule,
  type Case,
  formatDuration,
  minutes,
  parseDuration,
  type RuleFile,
  type RuleGroup,
  seconds,
} from "@mcp-orchestrator/alerts";
import { promtoolDocument } from "@mcp-orchestrator/alerts/tools";
import fc from "fast-check";
import { dump } from "js-yaml";
import type { RuleMutant } from "./rules.ts";

/**
 * A search for series on which a mutant differs from its original. Both run side by side in one promtool, the mutant under
 * other names, and at no evaluation may one alert be in a state that the other is not in, or say something else.
 */

/** Series by name, in promtool's notation. */
type SeriesSet = Readonly<Record<string, string>>;
export type RandomSet = { readonly series: SeriesSet; readonly everySeconds: number; readonly end: string };

const SCRAPE_SECONDS = 15;
const AFTERWARDS_MS = minutes(15);

const MUTANT = "Mutant";
const TEXT = "Text";

/** The rules of both, each with a copy of its alert that fires at once and has its texts as a label. */
export function bothRules({ original, rules }: Pick<RuleMutant, "original" | "rules">): RuleFile {
  const names = original.groups.flatMap((group) =>
    group.rules.flatMap((rule) => ("record" in rule ? [rule.record] : [])),
  );
  const alerts = original.groups.flatMap((group) =>
    group.rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : [])),
  );
  const renamed = (text: string) =>
    [
      ...names.map((name) => [name, `mutant:${name}`]),
      ...alerts.map((name) => [`"${name}"`, `"${name}${MUTANT}"`]),
    ].reduce((all, [from = "", to = ""]) => all.replace(new RegExp(`(?<![\\w:])${from}(?![\\w:])`, "g"), to), text);
  const asMutant = (group: RuleGroup): RuleGroup => ({
    ...group,
    name: `${group.name}-${MUTANT}`,
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: renamed(rule.expr),
      ...("alert" in rule ? { alert: `${rule.alert}${MUTANT}` } : { record: renamed(rule.record) }),
    })),
  });
  return { groups: [...original.groups, ...rules.groups.map(asMutant)].map(withTexts) };
}

function withTexts(group: RuleGroup): RuleGroup {
  const texts = group.rules.flatMap((rule): AlertingRule[] => {
    if (!("alert" in rule)) return [];
    const { alert, expr, annotations } = rule;
    return [
      { alert: `${alert}${TEXT}`, expr, labels: { text: Object.values(annotations).join("\n") }, annotations: {} },
    ];
  });
  return { ...group, rules: [...group.rules, ...texts] };
}

/** The tests of promtool, one for each set: no difference at any evaluation. */
export function noDifference(
  rulesFile: string,
  { groups }: RuleFile,
  { name }: Alert,
  sets: readonly RandomSet[],
): string {
  const interval = groups[0]?.interval ?? "";
  const differs = (one: string, other: string) =>
    `ALERTS{alertname="${one}"} unless ignoring (alertname) ALERTS{alertname="${other}"}`;
  const pairs = ["", TEXT].flatMap((kind) => {
    const [own, mutant] = [`${name}${kind}`, `${name}${MUTANT}${kind}`];
    return [differs(own, mutant), differs(mutant, own)];
  });
  const tests = sets.map(({ series: set, everySeconds, end }, index) => ({
    name: `set ${index}`,
    interval: formatDuration(seconds(everySeconds)),
    input_series: Object.entries(set).map(([series, values]) => ({ series, values })),
    promql_expr_test: pairs.map((pair) => ({
      expr: `max_over_time((${pair})[${end}:${interval}])`,
      eval_time: end,
      exp_samples: [],
    })),
  }));
  return promtoolDocument(
    rulesFile,
    tests,
    groups.map((group) => group.name),
    interval,
  );
}

/**
 * Random sets of series for an alert: those of one of its samples, and over them what targets show in others, at other times
 * and in other replicas. So values are near the thresholds, and as a target can have them.
 *
 * @param seed the same one gives the same sets
 */
export function randomSets({ samples }: Pick<Alert, "samples">, count: number, seed: number): RandomSet[] {
  const shortest = samples.cases.toSorted((a, b) => lastMs(a) - lastMs(b));
  // Days of samples would take minutes.
  const bases = shortest.slice(0, Math.ceil(shortest.length / 2));
  const added = (base: Case) => {
    const targets = bases
      .filter(({ everySeconds }) => everySeconds === base.everySeconds)
      .flatMap(({ series }) => targetsOf(series));
    const target = fc.constantFrom(...targets);
    const instance = fc.option(fc.constantFrom("a:8000", "b:8000"));
    return fc.array(fc.record({ target, next: fc.option(target), missing: fc.nat(60), instance }), { maxLength: 4 });
  };
  const skew = fc.integer({ min: 1, max: 1_000 });
  const set = fc.constantFrom(...bases).chain((base) => fc.tuple(fc.constant(base), added(base), skew));
  return fc.sample(set, { seed, numRuns: count }).map(([base, others, skewed]) => ({
    series: withoutTies(Object.assign({}, base.series, ...others.map(seriesOf)), skewed / 99_991),
    everySeconds: base.everySeconds ?? SCRAPE_SECONDS,
    end: formatDuration(lastMs(base) + AFTERWARDS_MS),
  }));
}

type Added = {
  readonly target: Target;
  readonly next: Target | null;
  readonly missing: number;
  readonly instance: string | null;
};

/** The series of a target some scrapes later, and after it those of a next one, in another replica. */
function seriesOf({ target, next, missing, instance }: Added): SeriesSet {
  const after = next === null ? [] : valuesAfter(target, next);
  return Object.fromEntries(
    Object.entries(target).map(([name, values], index) => [
      withInstance(name, instance),
      [...(missing === 0 ? [] : [`_x${missing}`]), values, ...after.slice(index, index + 1)].join(" "),
    ]),
  );
}

/** Higher buckets with a little more in them: a quantile that is a threshold is over or under it by rounding alone. */
function withoutTies(series: SeriesSet, skew: number): SeriesSet {
  return Object.fromEntries(
    Object.entries(series).map(([name, values]) => {
      const [, le] = /le="([^"]*)"/.exec(name) ?? [];
      if (le === undefined) return [name, values];
      const factor = 1 + skew * Math.atan(le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le));
      return [name, values.replace(/(?<![_x\d.])\d+(\.\d+)?/g, (number) => String(Number(number) * factor))];
    }),
  );
}

const lastMs = ({ expect }: Case) => parseDuration(expect.at(-1)?.at ?? "");

/** Series of one target that belong together: the buckets of a histogram. */
type Target = SeriesSet;

/** Another target's values, if it has the same series. */
function valuesAfter(target: Target, then: Target): string[] {
  const metricsOf = (one: Target) =>
    `${Object.keys(one).map((name) => [name.split("{")[0], /le="[^"]*"/.exec(name)?.[0]])}`;
  return metricsOf(target) === metricsOf(then) ? Object.values(then) : [];
}

function targetsOf(series: SeriesSet): Target[] {
  const keyOf = (name: string) => name.replace(/,? ?le="[^"]*"/, "");
  return Object.values(Object.groupBy(Object.entries(series), ([name]) => keyOf(name))).map((one) =>
    Object.fromEntries(one ?? []),
  );
}

function withInstance(name: string, instance: string | null): string {
  if (instance === null || name.startsWith("ALERTS")) return name;
  if (name.includes('instance="')) return name.replace(/instance="[^"]*"/, `instance="${instance}"`);
  return name.includes("{") ? name.replace(/}$/, `, instance="${instance}"}`) : `${name}{instance="${instance}"}`;
}

/** The rules and the tests that fail if a mutant differs from its original on one of the sets. */
export function comparison(mutant: RuleMutant, sets: readonly RandomSet[]): [rules: string, tests: string] {
  const rules = bothRules(mutant);
  return [dump(rules, { noRefs: true }), noDifference("rules.yml", rules, mutant.alert, sets)];
}
