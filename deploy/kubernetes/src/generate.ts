import { writeGenerated } from "@mcp-orchestrator/alerts";
import { GENERATED_FOLDER, generatedFiles } from "./files.ts";

await writeGenerated(GENERATED_FOLDER, generatedFiles());
