import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { Passed } from "./passed.ts";
import { CACHE, ROOT } from "./provision/command.ts";
import { type Count, countReport } from "./testResults.ts";

/** One part of `npm test`. */
export type Stage = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The npm script that it runs, if any. */
  readonly script?: string;
  /** The files that it reads, if only they matter: a stage that passed with them is not run again. */
  readonly inputs?: readonly string[];
  /** vitest's JSON report; a stage without one counts as a single check. */
  readonly report?: string;
};

export type StageResult = {
  readonly name: string;
  readonly count: Count;
  readonly durationMs: number;
  /** The last lines that a failed stage printed. */
  readonly lastLines?: readonly string[];
};

/** Longer than any stage takes, so that one that hangs fails while the run is watched. */
const STAGE_TIMEOUT_MS = 25 * 60_000;

/** For output that is still on its way when a stage has ended. */
const OUTPUT_WAIT_MS = 2_000;

/** Holds the message of a failed test or command. */
const LAST_LINES = 60;

/** A stage with an npm script that counts as one check. */
export function check(name: string, script: string, ...args: readonly string[]): Stage {
  return { name, command: "npm", args: ["run", "--silent", script, "--", ...args], script };
}

/** A stage with a vitest project. */
export function suite(project: string): Stage {
  const report = join(CACHE, "results", `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return { name: project, command: "vitest", args: ["run", "--project", project, ...reporters], report };
}

/** Runs a stage to its end. */
export async function runStage(stage: Stage, environment: NodeJS.ProcessEnv): Promise<StageResult> {
  const began = performance.now();
  if (stage.report !== undefined) rmSync(stage.report, { force: true });
  const passed = stage.inputs === undefined ? undefined : new Passed(stage.name, stage.inputs);
  if (passed?.holds()) {
    console.log(`Passed before with the same files; \`npm test -- --only ${stage.name}\` runs it all the same.`);
    return { name: stage.name, count: { passed: 1, failed: 0 }, durationMs: performance.now() - began };
  }
  const { exitCode, lastLines } = await run(stage, environment);
  passed?.remember(exitCode === 0);
  const count =
    stage.report === undefined
      ? { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1 }
      : countReport(stage.report, exitCode);
  const durationMs = performance.now() - began;
  return { name: stage.name, count, durationMs, ...(count.failed > 0 ? { lastLines } : {}) };
}

async function run({ name, command, args }: Stage, env: NodeJS.ProcessEnv) {
  const child = spawn(command, args, {
    cwd: ROOT,
    // A pipe would take the colours away.
    env: process.stdout.isTTY ? { FORCE_COLOR: "1", ...env } : env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: STAGE_TIMEOUT_MS,
  });
  let printed = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.setEncoding("utf8").on("data", (text: string) => {
      to.write(text);
      printed = `${printed}${text}`.slice(-LAST_LINES * 200);
    });
  }
  const exitCode = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once("exit", (code, signal) => {
      if (signal !== null)
        console.error(`${name} was ended by ${signal} (after ${STAGE_TIMEOUT_MS / 60_000} min at the latest)`);
      resolve(code ?? 1);
    });
  });
  // What it leaves behind may keep its output open.
  await Promise.race([
    finished(child.stdout).catch(() => undefined),
    setTimeout(OUTPUT_WAIT_MS, undefined, { ref: false }),
  ]);
  return { exitCode, lastLines: printed.trimEnd().split("\n").slice(-LAST_LINES) };
}
