import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SHIPPED_ALERTS } from "../src/catalogue/index.ts";
import { GENERATED_FOLDER } from "../src/files.ts";
import { PROMETHEUS_RELEASES, promtool } from "../src/tools/releases.ts";
import { run } from "../src/tools/run.ts";
import { rulesOf, testRules } from "../src/tools/testRules.ts";

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

  test("accepts the configuration, with every lint it knows", async () => {
    const args = ["check", "config", "--lint=all", join(GENERATED_FOLDER, "prometheus.yml")];
    expect(await run(promtool(release), args)).toMatchObject({ ok: true });
  });
});
