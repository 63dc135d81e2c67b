#!/usr/bin/env node
// The entry point of `npm start` and `npm test`: installs what is missing and runs a script on the Node of the `node`
// package. Plain JavaScript for Node 18, without dependencies.
//
//   node scripts/bootstrap.mjs scripts/start.ts [arguments]
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, "node_modules");
// Written last: if it is missing, the installation is incomplete.
const STAMP = join(MODULES, ".installed-from");
const OLDEST_NODE = 18;
const WANTED_NODE = 24;

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail("Usage: node scripts/bootstrap.mjs SCRIPT [ARGUMENTS]");
if (majorOf(process.versions.node) < OLDEST_NODE) {
  fail(`Node ${OLDEST_NODE} or newer is needed to begin with; this is ${process.versions.node}.`);
}
install();
run(findNode(), [join(ROOT, script), ...args]);

/** Makes node_modules match the lock file. */
function install() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  const began = Date.now();
  console.log("Installing the npm dependencies (once; usually less than two minutes) ...");
  rmSync(STAMP, { force: true });
  const npm = npmCommand();
  const result = spawnSync(npm.command, [...npm.args, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: ROOT,
    stdio: "inherit",
    shell: npm.shell,
  });
  if (result.signal) process.kill(process.pid, result.signal);
  if (result.status !== 0) fail("npm ci failed; see above. Nothing else was changed; run the command again.");
  writeFileSync(STAMP, wanted);
  console.log(`Dependencies installed in ${Math.round((Date.now() - began) / 1000)} s.`);
}

/** The npm that runs this, if any; npm would find another one on the PATH that it changes. */
function npmCommand() {
  const path = process.env.npm_execpath;
  if (path && /npm-cli\.c?js$/.test(path)) return { command: process.execPath, args: [path], shell: false };
  return { command: "npm", args: [], shell: process.platform === "win32" };
}

/** A Node that runs TypeScript: that of the `node` package, or this one if it is new enough. */
function findNode() {
  const packaged = join(MODULES, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  // npm leaves the binary out if install scripts are switched off.
  if (!works(packaged)) {
    console.log(`Fetching Node ${WANTED_NODE} ...`);
    spawnSync(process.execPath, ["installArchSpecificPackage.js"], { cwd: join(MODULES, "node"), stdio: "inherit" });
  }
  if (works(packaged)) return packaged;
  if (majorOf(process.versions.node) >= WANTED_NODE) return process.execPath;
  return fail(
    `Node ${WANTED_NODE} could not be installed through npm, and this is ${process.versions.node}. Install Node ${WANTED_NODE} and run the command again.`,
  );
}

function works(node) {
  return existsSync(node) && spawnSync(node, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Runs the script as if it were this process: same terminal, same signals, same exit status. */
function run(node, argv) {
  const path = [join(MODULES, ".bin"), process.env.PATH].join(delimiter);
  const child = spawn(node, argv, { cwd: ROOT, stdio: "inherit", env: { ...process.env, PATH: path } });
  // A terminal sends Ctrl-C to both processes, other senders only to this one. The script counts two in a row as one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(error.message));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function majorOf(version) {
  return Number(version.split(".")[0]);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
