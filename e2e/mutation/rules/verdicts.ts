import { hash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Verdicts of promtool by the texts that it read, so that a run continues an interrupted one and tries only what
 * changed. Each verdict is appended to a file.
 */
export class Verdicts {
  readonly #file: string;
  readonly #passed = new Map<string, boolean>();

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    for (const [, key = "", verdict] of read(file).matchAll(/^(\w+) (passed|failed)$/gm)) {
      this.#passed.set(key, verdict === "passed");
    }
  }

  /** Whether what has these texts passed; undefined if it was not tried. */
  of(texts: readonly string[]): boolean | undefined {
    return this.#passed.get(keyOf(texts));
  }

  keep(texts: readonly string[], passed: boolean): void {
    const key = keyOf(texts);
    this.#passed.set(key, passed);
    appendFileSync(this.#file, `${key} ${passed ? "passed" : "failed"}\n`);
  }
}

function keyOf(texts: readonly string[]): string {
  return hash("sha256", JSON.stringify(texts));
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
