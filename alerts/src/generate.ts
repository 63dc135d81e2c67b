import { writeFile } from "node:fs/promises";
import { CORRECTIONS_FILE, GENERATED_FOLDER, generatedFiles } from "./files.ts";
import { writeGenerated } from "./generated.ts";
import { renderCorrections } from "./render/corrections.ts";

await writeGenerated(GENERATED_FOLDER, generatedFiles());
await writeFile(CORRECTIONS_FILE, renderCorrections());
