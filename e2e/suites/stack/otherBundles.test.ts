import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildCatalogue, PRODUCTION, renderRules, resolveBundle, ruleFile } from "@mcp-orchestrator/alerts";
import { PROMETHEUS_RELEASES, promtool, runOn, runSamples } from "@mcp-orchestrator/alerts/tools";
import { expect, test } from "vitest";
import { OTHER_BUNDLES } from "../../stack/otherBundles.ts";
import { chooseRuntime } from "../../stack/runtime/choose.ts";

/** An operator who edits `bundle.config.ts` gets rules and a drill that work. */

const file = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const { thresholds: THRESHOLDS } = OTHER_BUNDLES.example;
const DRILL_LIMIT_MS = 150_000;

const catalogue = buildCatalogue(resolveBundle(OTHER_BUNDLES.example));
const alerts = catalogue.groups.flatMap((group) => group.alerts);

test("each rule of the example has its threshold", () => {
  for (const [name, value] of Object.entries(THRESHOLDS)) {
    expect(alerts.find((alert) => alert.name === name)).toMatchObject({ overridden: true, threshold: { value } });
  }
});

test.each(PROMETHEUS_RELEASES)(
  "promtool %s accepts the rules, and the samples of other alerts pass",
  async (release) => {
    const check = ["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"];
    const files = { "rules.yml": renderRules(PRODUCTION, catalogue) };
    expect(await runOn(files, promtool(release), check)).toMatchObject({ ok: true });
    // They share signals with the overridden ones.
    const shared = alerts.filter(({ name }) => ["HighConsumerLag", "ExpressLatencyCritical"].includes(name));
    for (const alert of shared) {
      const rules = ruleFile(PRODUCTION, { ...catalogue, groups: [{ name: "shared", alerts: [alert] }] });
      expect(await runSamples(promtool(release), rules, alert)).toMatchObject({ ok: true });
    }
  },
);

test.each([
  ["example", Object.keys(THRESHOLDS)],
  ["scoped", ["service-stopped"]],
] as const)("the drill passes under the bundle %s", { timeout: DRILL_LIMIT_MS }, async (bundle, only) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "overridden-"));
  const config = join(folder.path, "bundle.config.ts");
  await writeFile(config, `export default ${JSON.stringify(OTHER_BUNDLES[bundle])};\n`);
  const report = (extension: string) => join(folder.path, `drill.${extension}`);
  const { name } = await chooseRuntime();
  const args = ["--runtime", name, "--only", only.join(",")];
  const reports = ["--json", report("json"), "--markdown", report("md"), "--svg", report("svg")];
  await promisify(execFile)(process.execPath, [file("e2e/drill/main.ts"), ...args, ...reports], {
    env: { ...process.env, BUNDLE_CONFIG: config },
    timeout: DRILL_LIMIT_MS,
  });
  expect(JSON.parse(await readFile(report("json"), "utf8"))).toMatchObject({ passed: true });
});
