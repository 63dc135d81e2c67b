import { driftOf } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { GENERATED_FOLDER, generatedFiles } from "./files.ts";

test("the generated files are those of the code, complete and without extras (npm run generate)", async () => {
  expect(await driftOf(GENERATED_FOLDER, generatedFiles())).toEqual([]);
});
