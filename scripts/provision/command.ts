import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const CACHE = join(ROOT, ".cache");

/** A command failed; has the end of its output. */
class CommandError extends Error {
  readonly code = "COMMAND_FAILED";
  readonly subject: string;

  constructor(command: string, how: string, logFile: string) {
    const tail = existsSync(logFile) ? readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-12).join("\n") : "";
    super(`${command} ended with ${how}; all of its output is in ${logFile}\n${tail}`);
    this.name = "CommandError";
    this.subject = command;
  }
}

export type CommandOptions = {
  /** Name of the log in `.cache/logs`. */
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
};

/**
 * Runs a command to its end, with its output in a log file.
 *
 * @throws CommandError
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { log, env = {}, cwd = ROOT, timeoutMs = 600_000 }: CommandOptions,
): Promise<void> {
  const logFile = join(CACHE, "logs", `${log}.log`);
  mkdirSync(dirname(logFile), { recursive: true });
  const output = createWriteStream(logFile);
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const how = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) =>
      resolve(code === 0 ? undefined : signal ? `signal ${signal}` : `code ${code}`),
    );
  });
  await new Promise<void>((resolve) => output.end(resolve));
  if (how !== undefined) throw new CommandError([command, ...args].join(" "), how, logFile);
}

/** Whether a command is on PATH. */
export function hasCommand(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, name)));
}
