import { execFile } from "node:child_process";
import { setPriority } from "node:os";
import type { ShellAnswer, ShellOrder } from "./shell.ts";

/** Behind everything that is measured, and its commands with it: a dozen short processes cost a service its tens of milliseconds. */
const PRIORITY = 10;
const TIMEOUT_MS = 15_000;

setPriority(PRIORITY);
process.on("disconnect", () => process.exit());
process.on("message", ({ id, command, environment }: ShellOrder) => {
  const options = { env: { ...environment }, timeout: TIMEOUT_MS, killSignal: "SIGKILL" as const };
  // Without --norc bash takes the socket on its standard input for a remote login, and runs the user's ~/.bashrc.
  execFile("bash", ["--norc", "-c", command], options, (error, stdout, stderr) => {
    const code = typeof error?.code === "number" ? error.code : 0;
    const answer: ShellAnswer = { id, stdout, stderr, code, timedOut: error?.killed === true };
    process.send?.(answer);
  });
});
