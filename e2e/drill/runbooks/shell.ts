import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program that a runbook uses is not installed. */
export class MissingProgramError extends Error {
  readonly code = "MISSING_PROGRAM";
  readonly subject: string;

  constructor(command: string, output: string) {
    super(`A program is missing for: ${command}\n${output}`);
    this.name = "MissingProgramError";
    this.subject = command;
  }
}

/** A command did not end and was killed. */
class CommandTimeoutError extends Error {
  readonly code = "COMMAND_TIMEOUT";
  readonly subject: string;

  constructor(command: string) {
    super(`Did not end in time: ${command}`);
    this.name = "CommandTimeoutError";
    this.subject = command;
  }
}

/** The process that runs the commands ended, and its commands with it. */
export class ShellLostError extends Error {
  readonly code = "SHELL_LOST";
  readonly subject: string;

  constructor(command: string, how: string) {
    super(`The process that ran it ended with ${how}: ${command}`);
    this.name = "ShellLostError";
    this.subject = command;
  }
}

export type ShellOrder = {
  readonly id: number;
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
};
export type ShellAnswer = {
  readonly id: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  readonly timedOut: boolean;
};

const NOT_FOUND = 127;
const TIMEOUT_MS = 15_000;

let host: ChildProcess | undefined;
let lastId = 0;
const waiting = new Map<
  number,
  { readonly command: string; resolve(answer: ShellAnswer): void; reject(error: Error): void }
>();

/**
 * Runs a command as an engineer would paste it, and returns its standard output. The exit code is ignored: a grep that
 * finds nothing is not an error.
 *
 * @throws MissingProgramError; CommandTimeoutError; ShellLostError
 */
export async function runInShell(
  command: string,
  environment: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): Promise<string> {
  const { stdout, stderr, code, timedOut } = await order({ command, environment, timeoutMs });
  if (timedOut) throw new CommandTimeoutError(command);
  if (code === NOT_FOUND || /command not found/.test(stderr)) throw new MissingProgramError(command, stderr);
  return stdout;
}

function order({ command, ...rest }: Omit<ShellOrder, "id">): Promise<ShellAnswer> {
  host ??= startHost();
  lastId += 1;
  const { promise, resolve, reject } = Promise.withResolvers<ShellAnswer>();
  waiting.set(lastId, { command, resolve, reject });
  host.channel?.ref();
  host.send({ id: lastId, command, ...rest } satisfies ShellOrder);
  return promise;
}

/**
 * A small process that starts the commands, because a fork of a large process blocks it for tens of milliseconds. It
 * has its own session, so that its priority can be lowered.
 */
function startHost(): ChildProcess {
  const script = fileURLToPath(new URL("shellProcess.ts", import.meta.url));
  const child = fork(script, { env: { PATH: process.env.PATH }, detached: true });
  child.unref();
  child.on("message", (answer: ShellAnswer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
    if (waiting.size === 0) child.channel?.unref();
  });
  child.once("exit", (code, signal) => {
    host = undefined;
    const how = signal ?? `exit code ${code}`;
    for (const { command, reject } of waiting.values()) reject(new ShellLostError(command, how));
    waiting.clear();
  });
  return child;
}
