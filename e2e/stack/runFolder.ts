import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, type WriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { guard } from "./reaper.ts";

/** Holds a folder for each run whose logs stay; the name of one ends with the id of its process. */
export const LOGS = fileURLToPath(new URL("../report/logs/", import.meta.url));

/** Files of one run: data that is always removed, and logs that stay when something went wrong. */
export class RunFolder implements Disposable {
  readonly logs: string;
  readonly #data: string;
  readonly #release: () => void;
  #keep = false;

  /** @param name appears in the folder's name, so that a person finds the logs of a test */
  constructor(name: string) {
    const slug = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 60);
    const stamp = new Date().toISOString().replace(/[:.]/g, "-");
    this.logs = join(LOGS, `${stamp}-${slug}-${process.pid}`);
    mkdirSync(this.logs, { recursive: true });
    this.#data = mkdtempSync(join(tmpdir(), "mcp-orchestrator-"));
    this.#release = guard({ folder: this.#data });
  }

  /** Makes a folder for a server's files. */
  data(name: string): string {
    const path = join(this.#data, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  logFile(name: string): string {
    return join(this.logs, `${name}.log`);
  }

  openLog(name: string): WriteStream {
    return createWriteStream(this.logFile(name), { flags: "a" });
  }

  /** The last lines of a log, for error messages. */
  tail(name: string, lines = 15): string {
    try {
      return readFileSync(this.logFile(name), "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "(no log)";
    }
  }

  /** Something went wrong: the logs stay. */
  keepLogs(): void {
    this.#keep = true;
  }

  [Symbol.dispose](): void {
    rmSync(this.#data, { recursive: true, force: true });
    if (!this.#keep) rmSync(this.logs, { recursive: true, force: true });
    this.#release();
  }
}
