import { execFile } from "node:child_process";
import { lowerPriority } from "../../testkit/process/priority.ts";
import type { ShellAnswer, ShellOrder } from "./shell.ts";

const TIMEOUT_MS = 15_000;

// With the commands that run: they are of its process group.
process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));
process.on("message", ({ id, command, environment }: ShellOrder) => {
  const options = { env: { ...environment }, timeout: TIMEOUT_MS, killSignal: "SIGKILL" as const };
  // Without --norc bash takes the socket on its standard input for a remote login, and runs the user's ~/.bashrc.
  execFile("bash", ["--norc", "-c", command], options, (error, stdout, stderr) => {
    const code = typeof error?.code === "number" ? error.code : 0;
    const answer: ShellAnswer = { id, stdout, stderr, code, timedOut: error?.killed === true };
    process.send?.(answer);
  });
});

// Behind everything that is measured, and its commands with it: a dozen short processes cost a service its tens of
// milliseconds. Where the machine does not allow it they run all the same.
await lowerPriority(process.pid, true).catch(() => {});
