import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OTHER_BUNDLES } from "../e2e/stack/otherBundles.ts";
import { CACHE, ROOT, runCommand } from "./provision/command.ts";

/**
 * `npm run test:bundles`: an operator who edits `bundle.config.ts` and generates has unit tests that pass, and samples and
 * routing cases that notice mistakes in the scope.
 */

/** The alert that differs most in a scope, and what takes a second. */
const MUTANTS = ["NoActiveWorkers", "OrchestratorTargetDown", "routes"];

for (const [name, bundle] of Object.entries(OTHER_BUNDLES)) {
  const copy = copyOfTheTree(name);
  writeFileSync(join(copy, "bundle.config.ts"), `export default ${JSON.stringify(bundle, undefined, 2)};\n`);
  await runCommand("npm", ["run", "generate"], { log: `bundle-${name}-generate`, cwd: copy });
  // What is tracked is what tests read.
  execFileSync("git", ["add", "--all"], { cwd: copy });
  await runCommand("vitest", ["run", "--project", "unit"], { log: `bundle-${name}-unit`, cwd: copy });
  console.log(`${name}: the unit tests pass`);
  if ("scope" in bundle) {
    await runCommand("node", ["e2e/mutation/main.ts", "--only", ...MUTANTS], {
      log: `bundle-${name}-mutants`,
      cwd: copy,
    });
    console.log(`${name}: the mutants of ${MUTANTS.join(", ")} are killed`);
  }
  rmSync(copy, { recursive: true });
}

/** The files of the project, in a folder of their own beside the same dependencies. */
function copyOfTheTree(name: string): string {
  const copy = join(CACHE, "bundles", name);
  rmSync(copy, { recursive: true, force: true });
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  for (const file of listed.toString().trim().split("\n")) {
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(copy, file), { recursive: true });
  }
  execFileSync("git", ["init", "--quiet"], { cwd: copy });
  mkdirSync(join(copy, ".cache"));
  symlinkSync(join(CACHE, "tools"), join(copy, ".cache", "tools"));
  const { workspaces } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { workspaces: string[] };
  for (const modules of [".", ...workspaces].map((workspace) => join(workspace, "node_modules"))) {
    if (existsSync(join(ROOT, modules))) linkPackages(join(ROOT, modules), join(copy, modules));
  }
  return copy;
}

/** Links every package, and the workspaces to those of the copy. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.name.startsWith("@")) linkPackages(source, target);
    else symlinkSync(source, target);
  }
}
