import { execFile } from "node:child_process";

export type Outcome = { readonly ok: boolean; readonly output: string };

/**
 * Runs a tool to its end and gives what it printed, both streams in the order of writing; a non-zero exit is an answer,
 * not an error.
 */
export function run(file: string, args: readonly string[], options: { cwd?: string } = {}): Promise<Outcome> {
  const merged = ["-c", 'exec "$0" "$@" 2>&1', file, ...args];
  return new Promise((resolve, reject) => {
    execFile(
      "/bin/sh",
      merged,
      { ...options, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, timeout: 300_000 },
      (error, stdout) => {
        if (error !== null && typeof error.code !== "number") reject(error);
        else resolve({ ok: error === null, output: stdout });
      },
    );
  });
}
