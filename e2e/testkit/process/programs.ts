import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Program } from "../servers/runtime.ts";

/** Names under which distributions install a program. */
const NAMES: Readonly<Record<Program, readonly string[]>> = {
  redis: ["redis-server"],
  prometheus: ["prometheus"],
  alertmanager: ["alertmanager", "prometheus-alertmanager"],
};

/** A program is not installed. */
export class ProgramMissingError extends Error {
  readonly code = "PROGRAM_MISSING";
  readonly subject: string;

  constructor(names: readonly string[]) {
    super(`${names.join(" or ")} is not on PATH`);
    this.name = "ProgramMissingError";
    this.subject = names[0] ?? "";
  }
}

/**
 * Path of an installed server.
 *
 * @throws ProgramMissingError
 */
export function findProgram(program: Program): string {
  return findExecutable(NAMES[program]);
}

/** Those servers that are not installed, by the name to look for. */
export function missingPrograms(): string[] {
  return Object.values(NAMES).flatMap((names) => {
    try {
      findExecutable(names);
      return [];
    } catch {
      return [names.join(" or ")];
    }
  });
}

function findExecutable(names: readonly string[]): string {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  throw new ProgramMissingError(names);
}
