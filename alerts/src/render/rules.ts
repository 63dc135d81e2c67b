import type { TimingProfile } from "../timing.ts";
import type { Links } from "./annotations.ts";
import { ruleFile } from "./ruleFile.ts";
import { generatedYaml } from "./yaml.ts";

/** The rule file that Prometheus loads, as YAML. */
export function renderRules(profile: TimingProfile, links?: Links): string {
  return generatedYaml(ruleFile(profile, links));
}
