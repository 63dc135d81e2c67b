import { driftOf } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { GENERATED_FOLDER, generatedFiles } from "./files.ts";

test("the committed generated files are up to date (npm run generate)", async () => {
  expect(await driftOf(GENERATED_FOLDER, generatedFiles())).toEqual([]);
});
