import { readFile } from "node:fs/promises";
import { driftOf } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { GENERATED_FOLDER, generatedFiles } from "./files.ts";
import { PAGE_FOLDER, pageFiles } from "./pageColors.ts";
import { DASHBOARDS_PATH } from "./render/provisioning.ts";

test("the committed generated files are up to date (npm run generate)", async () => {
  expect(await driftOf(GENERATED_FOLDER, generatedFiles())).toEqual([]);
  expect(await driftOf(PAGE_FOLDER, pageFiles())).toEqual([]);
});

test("the compose stack gives Grafana every dashboard", async () => {
  const compose = await readFile(new URL("../../docker-compose.yml", import.meta.url), "utf8");
  expect(compose).toContain(`- ./dashboards/generated:${DASHBOARDS_PATH}:ro\n`);
});
