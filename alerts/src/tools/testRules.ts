import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import type { Alert } from "../catalogue/alert.ts";
import { CATALOGUE, GROUPS } from "../catalogue/index.ts";
import { renderPromtoolTests } from "../render/promtoolTests.ts";
import { type RuleFile, ruleFile } from "../render/ruleFile.ts";
import { PRODUCTION } from "../timing.ts";
import { type PrometheusRelease, promtool } from "./releases.ts";
import { type Outcome, run } from "./run.ts";

/** The production rules that one alert needs: its signals and itself. */
export function rulesOf(alert: Alert): RuleFile {
  const group = GROUPS.find(({ alerts }) => alerts.some(({ name }) => name === alert.name));
  return ruleFile(PRODUCTION, { ...CATALOGUE, groups: [{ name: group?.name ?? alert.name, alerts: [alert] }] });
}

/** Runs the samples of an alert against rules, which need not be its own. */
export async function testRules(release: PrometheusRelease, rules: RuleFile, alert: Alert): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "alert-rules-"));
  try {
    await writeFile(join(folder, "rules.yml"), dump(rules, { noRefs: true }));
    await writeFile(join(folder, "test.yml"), renderPromtoolTests("rules.yml", [alert]));
    return await run(promtool(release), ["test", "rules", "test.yml"], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
