import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ALERTS } from "../src/catalogue/index.ts";
import { GENERATED_FOLDER } from "../src/files.ts";
import { PROMETHEUS_RELEASES, promtool } from "../src/tools/releases.ts";
import { run } from "../src/tools/run.ts";
import { rulesOf, testRules } from "../src/tools/testRules.ts";

describe.each(PROMETHEUS_RELEASES)("Prometheus %s", (release) => {
  test.each(ALERTS.map((alert) => ({ alert, name: alert.name })))(
    "$name does what its samples say",
    async ({ alert }) => {
      expect(await testRules(release, rulesOf(alert), alert)).toMatchObject({ ok: true });
    },
  );

  test("accepts the rule file, with every lint it knows", async () => {
    const help = await run(promtool(release), ["check", "rules", "--help"]);
    const lint = help.output.includes("--lint") ? ["--lint=all", "--lint-fatal"] : [];
    expect(lint).not.toEqual([]);
    const outcome = await run(promtool(release), ["check", "rules", ...lint, "mcp-orchestrator.rules.yml"], {
      cwd: GENERATED_FOLDER,
    });
    expect(outcome).toMatchObject({ ok: true });
  });

  test("accepts the configuration, with every lint it knows", async () => {
    const outcome = await run(promtool(release), [
      "check",
      "config",
      "--lint=all",
      join(GENERATED_FOLDER, "prometheus.yml"),
    ]);
    expect(outcome).toMatchObject({ ok: true });
  });
});

test("the generated test file passes as a whole against the generated rule file", { timeout: 300_000 }, async () => {
  const outcome = await run(promtool("3.5"), ["test", "rules", "mcp-orchestrator.test.yml"], { cwd: GENERATED_FOLDER });
  expect(outcome).toMatchObject({ ok: true });
});
