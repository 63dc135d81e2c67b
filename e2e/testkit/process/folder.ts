import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, type WriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reapAtEnd } from "./reaper.ts";

/** A temporary folder for files and logs of servers. It is removed with this process. */
export class TestFolder implements Disposable {
  readonly path: string;
  /** The folder of the logs. */
  readonly logs: string;
  readonly #release: () => void;

  /**
   * @param name start of the folder's name
   * @param logs another place for the logs; by default they are removed too
   */
  constructor(name: string, logs?: string) {
    this.path = mkdtempSync(join(tmpdir(), `${name}-`));
    this.logs = logs ?? this.path;
    mkdirSync(this.logs, { recursive: true });
    this.#release = reapAtEnd({ folder: this.path });
  }

  /** Makes a folder for a server's files. */
  data(name: string): string {
    const path = join(this.path, name);
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

  /** Called after a failure. Here the logs are removed all the same, because errors contain their end. */
  keepLogs(): void {}

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
    this.#release();
  }
}
