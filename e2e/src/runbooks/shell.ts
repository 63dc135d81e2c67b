import { execFile } from "node:child_process";

/** The shell does not know a program that a runbook uses. */
export class MissingProgramError extends Error {
  readonly code = "MISSING_PROGRAM";
  readonly subject: string;

  constructor(command: string, output: string) {
    super(`A program is missing for: ${command}\n${output}`);
    this.name = "MissingProgramError";
    this.subject = command;
  }
}

const TIMEOUT_MS = 15_000;
const NOT_FOUND = 127;

/**
 * Runs a command as an engineer would paste it, and returns what it printed on standard output. Its exit code says
 * nothing: a grep that finds nothing is an answer.
 *
 * @throws MissingProgramError; an error of the command that took longer than 15 s
 */
export function runInShell(command: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { env: { ...environment }, timeout: TIMEOUT_MS, killSignal: "SIGKILL" as const };
  // Behind everything that is measured: a dozen short processes cost a service its tens of milliseconds.
  // Without --norc bash takes the socket on its standard input for a remote login, and runs the user's ~/.bashrc.
  execFile("nice", ["-n", "10", "bash", "--norc", "-c", command], options, (error, stdout, stderr) => {
    if (error?.killed) reject(new Error(`Still running after ${TIMEOUT_MS} ms: ${command}`, { cause: error }));
    else if (error?.code === NOT_FOUND || /command not found/.test(stderr)) {
      reject(new MissingProgramError(command, stderr));
    } else resolve(stdout);
  });
  return promise;
}
