import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { REDIS_PROGRAM } from "../config.ts";
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
 * Path of an installed server, or of its replacement from the environment.
 *
 * @throws ProgramMissingError
 */
export function findProgram(program: Program): string {
  if (program === "redis" && REDIS_PROGRAM !== undefined) return REDIS_PROGRAM;
  return findExecutable(NAMES[program]);
}

/** The servers that are not installed, by program name. */
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
      } catch {}
    }
  }
  throw new ProgramMissingError(names);
}
