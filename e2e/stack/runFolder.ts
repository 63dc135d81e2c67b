import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestFolder } from "../testkit/process/folder.ts";

/** Contains a folder for each run with kept logs. Its name ends with the process id. */
export const LOGS = fileURLToPath(new URL("../report/logs/", import.meta.url));

/** Files of one run: data that is always removed, and logs that are kept after a failure. */
export class RunFolder extends TestFolder {
  #keep = false;

  /** @param name part of the folder's name, so that the logs of a test can be found */
  constructor(name: string) {
    const slug = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 60);
    const stamp = new Date().toISOString().replace(/[:.]/g, "-");
    super("mcp-orchestrator", join(LOGS, `${stamp}-${slug}-${process.pid}`));
  }

  /** Keeps the logs after a failure. */
  override keepLogs(): void {
    this.#keep = true;
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (!this.#keep) rmSync(this.logs, { recursive: true, force: true });
  }
}
