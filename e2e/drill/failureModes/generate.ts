import { writeFileSync } from "node:fs";
import { renderFailureModes } from "./page.ts";

writeFileSync(new URL("../../../docs/reference/failure-modes.md", import.meta.url), renderFailureModes());
