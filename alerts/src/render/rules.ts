import type { TimingProfile } from "../timing.ts";
import { type RuleSource, ruleFile } from "./ruleFile.ts";
import { generatedYaml } from "./yaml.ts";

/** The rule file that Prometheus loads, as YAML. */
export function renderRules(profile: TimingProfile, source?: RuleSource): string {
  return generatedYaml(ruleFile(profile, source));
}
