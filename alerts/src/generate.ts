import { writeFile } from "node:fs/promises";
import { CATALOGUE } from "./catalogue/index.ts";
import { BUNDLE_PAGE, CORRECTIONS_FILE, GENERATED_FOLDER, generatedFiles, ITEMS_PAGE } from "./files.ts";
import { writeGenerated } from "./generated.ts";
import { assertLinted } from "./lint/lint.ts";
import { renderBundlePage } from "./render/bundlePage.ts";
import { renderCorrections } from "./render/corrections.ts";
import { renderOriginalRunbook } from "./render/originalRunbook.ts";

assertLinted(CATALOGUE);
await writeGenerated(GENERATED_FOLDER, generatedFiles());
await writeFile(CORRECTIONS_FILE, renderCorrections());
await writeFile(ITEMS_PAGE, renderOriginalRunbook());
await writeFile(BUNDLE_PAGE, renderBundlePage());
