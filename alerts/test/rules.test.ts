import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SHIPPED_ALERTS } from "../src/catalogue/index.ts";
import { GENERATED_FOLDER } from "../src/files.ts";
import { PROMETHEUS_RELEASES, promtool } from "../src/tools/releases.ts";
import { run, runOn } from "../src/tools/run.ts";
import { rulesOf, testRules } from "../src/tools/testRules.ts";

/** It does not know `scrape_config_files`. */
const [OLDEST] = PROMETHEUS_RELEASES;

// The current release tries the same samples in generatedTests.test.ts, against the rule file as it ships.
describe("Prometheus 2.42", () => {
  test.each(SHIPPED_ALERTS.map((alert) => ({ alert, name: alert.name })))(
    "$name does what its samples say",
    async ({ alert }) => {
      expect(await testRules("2.42", rulesOf(alert), alert)).toMatchObject({ ok: true });
    },
  );
});

describe.each(PROMETHEUS_RELEASES)("Prometheus %s", (release) => {
  test("accepts the rule file, with every lint it knows", async () => {
    const args = ["check", "rules", "--lint=all", "--lint-fatal", "mcp-orchestrator.rules.yml"];
    expect(await run(promtool(release), args, { cwd: GENERATED_FOLDER })).toMatchObject({ ok: true });
  });

  test("accepts the scrape job in a configuration of others", async () => {
    const job = await readFile(join(GENERATED_FOLDER, "scrape.yml"), "utf8");
    const merged = `${job}  - job_name: another\n`;
    const named = `scrape_config_files: [${join(GENERATED_FOLDER, "scrape.yml")}]\n`;
    const files = { "prometheus.yml": release === OLDEST ? merged : named };
    const args = ["check", "config", "--lint=all", "prometheus.yml"];
    expect(await runOn(files, promtool(release), args)).toMatchObject({ ok: true });
  });

  test("accepts the configuration, with every lint it knows", async () => {
    const args = ["check", "config", "--lint=all", join(GENERATED_FOLDER, "prometheus.yml")];
    expect(await run(promtool(release), args)).toMatchObject({ ok: true });
  });
});
