/**
 * The functions with which a service of another project defines its alerts. Times are at production length; the drill
 * divides them.
 */
import { resolveBundle } from "./bundle/index.ts";
import { type RuleDefinition, resolveRule } from "./catalogue/alert.ts";
import { type RuleSource, ruleFile } from "./render/ruleFile.ts";
import { PRODUCTION } from "./timing.ts";
import { type Outcome, runSamples } from "./tools/index.ts";

export type { Rule, RuleDefinition, Signal } from "./catalogue/alert.ts";
export { type Samples, timeline } from "./catalogue/samples/samples.ts";
export { counter, gauge } from "./catalogue/samples/scrapes.ts";
export { aggregate, binary, call, type Expression, number, selector } from "./promql/expression.ts";
export { recorded } from "./promql/series.ts";
export type { RuleSource } from "./render/ruleFile.ts";
export { renderRules } from "./render/ruleFile.ts";
export { hours, minutes, PRODUCTION, seconds } from "./timing.ts";
export type { Outcome } from "./tools/index.ts";

/** Declares the rule of an alert. */
export function defineRule<const Name extends string>(definition: RuleDefinition<Name>): RuleDefinition<Name> {
  return definition;
}

/** A service of another project, and its owner. */
export type Service = {
  /** Label `service` of its alerts, and its scrape job. */
  readonly name: string;
  readonly team: string;
  /** Folder of its runbooks, if it has one. */
  readonly runbooks?: string;
};

/** The rules of a service as one group. */
export function catalogueOf({ name, team, runbooks }: Service, definitions: readonly RuleDefinition[]): RuleSource {
  const bundle = resolveBundle(
    { job: name, alertLabels: { service: name, team }, links: runbooks === undefined ? {} : { runbooks } },
    `the alerts of ${name}`,
  );
  return { bundle, groups: [{ name, alerts: definitions.map((definition) => resolveRule(definition, bundle)) }] };
}

/** Runs the samples of every alert against its rules, at production timing. @param promtool its path */
export async function testSamples(source: RuleSource, promtool = "promtool"): Promise<Outcome> {
  const rules = ruleFile(PRODUCTION, source);
  const alerts = source.groups.flatMap((group) => group.alerts);
  const outcomes = await Promise.all(alerts.map((alert) => runSamples(promtool, rules, alert)));
  return { ok: outcomes.every(({ ok }) => ok), output: outcomes.map(({ output }) => output).join("\n") };
}
