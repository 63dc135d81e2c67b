import { writeFileSync } from "node:fs";
import { commandReference } from "./reference.ts";

writeFileSync(new URL("../../../docs/cli.md", import.meta.url), commandReference());
