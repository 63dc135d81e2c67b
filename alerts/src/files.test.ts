import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { BUNDLE_PAGE, CORRECTIONS_FILE, GENERATED_FOLDER, generatedFiles } from "./files.ts";
import { driftOf } from "./generated.ts";
import { renderBundlePage } from "./render/bundlePage.ts";
import { renderCorrections } from "./render/corrections.ts";

test("the generated files are those of the catalogue, complete and without extras (npm run generate)", async () => {
  expect(await driftOf(GENERATED_FOLDER, generatedFiles())).toEqual([]);
});

test("the page of corrections is that of the catalogue (npm run generate)", async () => {
  expect(await readFile(CORRECTIONS_FILE, "utf8")).toBe(renderCorrections());
});

test("the page about the bundle is that of its schema (npm run generate)", async () => {
  expect(await readFile(BUNDLE_PAGE, "utf8")).toBe(renderBundlePage());
});
