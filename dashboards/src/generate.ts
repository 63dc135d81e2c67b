import { writeGenerated } from "@mcp-orchestrator/alerts";
import { GENERATED_FOLDER, generatedFiles } from "./files.ts";
import { PAGE_FOLDER, pageFiles } from "./pageColors.ts";

await writeGenerated(GENERATED_FOLDER, generatedFiles());
await writeGenerated(PAGE_FOLDER, pageFiles());
