import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { BUNDLE_PAGE, CORRECTIONS_FILE, GENERATED_FOLDER, generatedFiles, ITEMS_PAGE } from "./files.ts";
import { driftOf } from "./generated.ts";
import { renderBundlePage } from "./render/bundlePage.ts";
import { renderCorrections } from "./render/corrections.ts";
import { renderOriginalRunbook } from "./render/originalRunbook.ts";

test("the committed generated files are up to date (npm run generate)", async () => {
  expect(await driftOf(GENERATED_FOLDER, generatedFiles())).toEqual([]);
});

test("the page of corrections is up to date (npm run generate)", async () => {
  expect(await readFile(CORRECTIONS_FILE, "utf8")).toBe(renderCorrections());
});

test("the page of the original runbook's items is up to date (npm run generate)", async () => {
  expect(await readFile(ITEMS_PAGE, "utf8")).toBe(renderOriginalRunbook());
});

test("the page about the bundle is up to date (npm run generate)", async () => {
  expect(await readFile(BUNDLE_PAGE, "utf8")).toBe(renderBundlePage());
});
