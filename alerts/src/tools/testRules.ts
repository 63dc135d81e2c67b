import { dump } from "js-yaml";
import type { Alert, Rule } from "../catalogue/alert.ts";
import { CATALOGUE, type Catalogue } from "../catalogue/index.ts";
import { renderPromtoolTests } from "../render/promtoolTests.ts";
import { type RuleFile, ruleFile } from "../render/ruleFile.ts";
import { PRODUCTION } from "../timing.ts";
import { type PrometheusRelease, promtool } from "./releases.ts";
import { type Outcome, promtoolTest } from "./run.ts";

/** The production rules of one alert: its signals and itself. */
export function rulesOf(alert: Alert, catalogue: Catalogue = CATALOGUE): RuleFile {
  const group = catalogue.groups.find(({ alerts }) => alerts.some(({ name }) => name === alert.name));
  return ruleFile(PRODUCTION, { ...catalogue, groups: [{ name: group?.name ?? alert.name, alerts: [alert] }] });
}

/** Runs the samples of an alert against rules, which may be a mutant's. */
export function testRules(release: PrometheusRelease, rules: RuleFile, alert: Rule): Promise<Outcome> {
  return runSamples(promtool(release), rules, alert);
}

/** The same with any promtool. @param command its path */
export function runSamples(command: string, rules: RuleFile, alert: Rule): Promise<Outcome> {
  return promtoolTest(command, dump(rules, { noRefs: true }), renderPromtoolTests("rules.yml", [alert]));
}
