import { mkdtempDisposableSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALERTS, labelsOf, PRODUCTION } from "@mcp-orchestrator/alerts";
import { ALERTMANAGER_RELEASES, amtool, run } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GENERATED_FOLDER } from "../src/files.ts";
import { alertmanagerConfig, bundledEndpoints, TEMPLATES_FOLDER } from "../src/index.ts";
import { OTHER_CASES, RECEIVERS_OF } from "./proof/routingCases.ts";
import { deliveriesOf } from "./proof/simulatedRouting.ts";

const config = alertmanagerConfig(PRODUCTION, bundledEndpoints());
const cases = [
  ...ALERTS.map((alert) => ({
    labels: { alertname: alert.name as string, ...labelsOf(alert) },
    receivers: RECEIVERS_OF[alert.name],
  })),
  ...OTHER_CASES,
].map((each) => ({ ...each, name: Object.values(each.labels).join(" ") }));

const { path: folder, remove } = mkdtempDisposableSync(join(tmpdir(), "routing-"));
beforeAll(async () => {
  await writeFile(join(folder, "alertmanager.yml"), dump(config));
});
afterAll(remove);

describe.each(ALERTMANAGER_RELEASES)("Alertmanager %s", (release) => {
  test.each(cases)("sends $name to $receivers", async ({ labels, receivers }) => {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const args = ["config", "routes", "test", `--config.file=${folder}/alertmanager.yml`, ...pairs];
    const { output, ok } = await run(amtool(release), args);
    // If the system configures a default address, a warning precedes the answer.
    expect({ ok, last: output.trim().split("\n").at(-1) }).toEqual({ ok: true, last: receivers.join(",") });
  });

  const shippedFor = {
    "0.25": ["alertmanager.accounts-0.25.yml"],
    "0.33": ["alertmanager.yml", "alertmanager.accounts.yml", "alertmanager.accounts-0.25.yml"],
  };
  test.each(shippedFor[release])(
    "accepts %s as it ships, with its templates, strictly where it can be strict",
    async (name) => {
      const shipped = await readFile(join(GENERATED_FOLDER, name), "utf8");
      const file = join(folder, name);
      await writeFile(file, shipped.replace(bundledEndpoints().templates, `${TEMPLATES_FOLDER}/*.tmpl`));
      // Older releases have no strict mode, and are as strict without it.
      const strict = release === "0.25" ? [] : ["--enable-feature=utf8-strict-mode"];
      const outcome = await run(amtool(release), ["check-config", ...strict, file]);
      expect(outcome).toEqual({ ok: true, output: expect.stringContaining("SUCCESS") });
    },
  );
});

test.each(cases)("the simulation sends $name to the same receivers as amtool", ({ labels, receivers }) => {
  expect(deliveriesOf(config.route, labels).map(({ receiver }) => receiver)).toEqual(receivers);
});
