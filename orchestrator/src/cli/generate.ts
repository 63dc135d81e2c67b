import { writeFileSync } from "node:fs";
import { commandReference } from "./reference.ts";

writeFileSync(new URL("../../../docs/reference/cli.md", import.meta.url), commandReference());
