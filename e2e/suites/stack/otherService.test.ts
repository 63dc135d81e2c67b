import { execFile } from "node:child_process";
import { cp, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/** The example outside this repository, with its packages installed by npm. */
test(
  "a service of another project tests its own alert with the published entries",
  async () => {
    await using temporary = await mkdtempDisposable(join(tmpdir(), "shop-"));
    const folder = temporary.path;
    await cp(join(ROOT, "examples/shop"), folder, { recursive: true });
    const manifest = await readFile(join(folder, "package.json"), "utf8");
    await writeFile(join(folder, "package.json"), manifest.replaceAll("file:../../", `file:${ROOT}`));
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund"], { cwd: folder, timeout: TIMEOUT_MS });
    const env = { ...process.env, NODE_OPTIONS: undefined };
    const args = ["--test", "--test-reporter=tap"];
    const { stdout } = await run(process.execPath, args, { cwd: folder, env, timeout: TIMEOUT_MS });
    expect(stdout).toMatch(/^# pass 2$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  },
  TIMEOUT_MS,
);
