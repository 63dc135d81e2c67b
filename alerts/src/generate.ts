import { writeFile } from "node:fs/promises";
import { BUNDLE_PAGE, CORRECTIONS_FILE, GENERATED_FOLDER, generatedFiles } from "./files.ts";
import { writeGenerated } from "./generated.ts";
import { renderBundlePage } from "./render/bundlePage.ts";
import { renderCorrections } from "./render/corrections.ts";

await writeGenerated(GENERATED_FOLDER, generatedFiles());
await writeFile(CORRECTIONS_FILE, renderCorrections());
await writeFile(BUNDLE_PAGE, renderBundlePage());
