import { writeFileSync } from "node:fs";
import { renderSettings } from "./table.ts";

writeFileSync(new URL("../../../docs/configuration.md", import.meta.url), renderSettings());
