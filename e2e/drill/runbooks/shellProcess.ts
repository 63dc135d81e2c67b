import { execFile } from "node:child_process";
import { lowerPriority } from "../../testkit/process/priority.ts";
import type { ShellAnswer, ShellOrder } from "./shell.ts";

// With the commands, which are in its process group.
process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));
process.on("message", ({ id, command, environment, timeoutMs }: ShellOrder) => {
  const options = { env: { ...environment }, timeout: timeoutMs, killSignal: "SIGKILL" as const };
  // Without --norc, bash takes a socket as standard input for a remote login and runs ~/.bashrc.
  execFile("bash", ["--norc", "-c", command], options, (error, stdout, stderr) => {
    const code = typeof error?.code === "number" ? error.code : 0;
    const answer: ShellAnswer = { id, stdout, stderr, code, timedOut: error?.killed === true };
    process.send?.(answer);
  });
});

// Lower priority than everything that is measured, where the machine allows it: a dozen short processes slow the
// service.
await lowerPriority(process.pid, true).catch(() => {});
