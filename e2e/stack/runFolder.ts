import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestFolder } from "../testkit/process/folder.ts";

/** Holds a folder for each run whose logs stay; the name of one ends with the id of its process. */
export const LOGS = fileURLToPath(new URL("../report/logs/", import.meta.url));

/** Files of one run: data that is always removed, and logs that stay when something went wrong. */
export class RunFolder extends TestFolder {
  #keep = false;

  /** @param name appears in the folder's name, so that a person finds the logs of a test */
  constructor(name: string) {
    const slug = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 60);
    const stamp = new Date().toISOString().replace(/[:.]/g, "-");
    super("mcp-orchestrator", join(LOGS, `${stamp}-${slug}-${process.pid}`));
  }

  /** Something went wrong: the logs stay. */
  override keepLogs(): void {
    this.#keep = true;
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    if (!this.#keep) rmSync(this.logs, { recursive: true, force: true });
  }
}
