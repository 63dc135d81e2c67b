import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "./provision/command.ts";

/**
 * Remembers that a check passed, as long as the files that it reads are the same. For slow checks that depend on files
 * only; a check that involves time or other processes is always run.
 */
export class Passed {
  readonly #file: string;
  readonly #inputs: readonly string[];
  readonly #root: string;

  /** @param inputs patterns of the files that the check reads, from the root of the repository */
  constructor(name: string, inputs: readonly string[], { root = ROOT, folder = join(CACHE, "passed") } = {}) {
    this.#file = join(folder, name);
    this.#inputs = inputs;
    this.#root = root;
    mkdirSync(folder, { recursive: true });
  }

  /** Whether it passed with the present files. */
  holds(): boolean {
    try {
      return readFileSync(this.#file, "utf8") === this.#digest();
    } catch {
      return false;
    }
  }

  remember(passed: boolean): void {
    if (passed) writeFileSync(this.#file, this.#digest());
    else rmSync(this.#file, { force: true });
  }

  #digest(): string {
    const hash = createHash("sha256");
    const files = globSync([...this.#inputs], { cwd: this.#root, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const file of files)
      hash
        .update(`${file.slice(this.#root.length)}\0`)
        .update(readFileSync(file))
        .update("\0");
    return hash.digest("hex");
  }
}
