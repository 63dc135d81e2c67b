import { readFileSync } from "node:fs";
import type { Stack } from "./stack.ts";

const SHOWN_LINES = 15;

/** A part of a stack ended unexpectedly. */
class PartDiedError extends Error {
  readonly code = "PART_DIED";
  readonly subject: string;

  constructor(name: string, how: string, logFile: string) {
    const tail = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
    super(`${name} died (${how}). The end of its log, ${logFile}:\n${tail}`);
    this.name = "PartDiedError";
    this.subject = name;
  }
}

/** Rejects with PartDiedError if a part ends unexpectedly; never resolves. */
export function untilPartDies({ orchestrators, redis, prometheus, alertmanager, simulator }: Stack): Promise<never> {
  return new Promise((_, reject) => {
    for (const { server } of [...orchestrators, redis, prometheus, alertmanager, simulator]) {
      server.onUnexpectedExit((how) => reject(new PartDiedError(server.name, how, server.logFile)));
    }
  });
}
