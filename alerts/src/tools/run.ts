import { execFile } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Outcome = { readonly ok: boolean; readonly output: string };

/**
 * Runs a tool to its end and returns its output, both streams in the order of writing. A non-zero exit status is
 * returned, not thrown.
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

/** The same in a folder of its own with these files. @param files texts by name */
export async function runOn(
  files: Readonly<Record<string, string>>,
  file: string,
  args: readonly string[],
): Promise<Outcome> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tool-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  return await run(file, args, { cwd: folder.path });
}

/** Runs tests of rules. @param command path of a promtool @param tests that name `rules.yml` */
export function promtoolTest(command: string, rules: string, tests: string): Promise<Outcome> {
  return runOn({ "rules.yml": rules, "test.yml": tests }, command, ["test", "rules", "test.yml"]);
}
