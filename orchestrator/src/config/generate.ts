import { writeFileSync } from "node:fs";
import { renderSettings } from "./table.ts";

writeFileSync(new URL("../../../docs/reference/configuration.md", import.meta.url), renderSettings());
