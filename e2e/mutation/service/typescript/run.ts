import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { type FOLDERS, filesOf } from "../areas.ts";
import { argumentFor } from "../argued.ts";
import { type AreaResult, killedAtFirst, type Survivor } from "../result.ts";
import type { Sample } from "../sample.ts";
import { isMutantDrawn, type Places, placeOf, SAMPLE_OPTION } from "./sampleChecker.ts";
import { writeConfig } from "./tests.ts";

/** Ends the operator of a mutant whose line no test runs. */
const UNTESTED = " (no test runs it)";

/** A test failed or hung, or the code could not even be loaded, so that the run of the tests failed. */
const NOTICED: readonly MutantResult["status"][] = ["Killed", "Timeout", "RuntimeError"];

type MutantResult = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

export type FolderRun = {
  readonly root: string;
  readonly folder: keyof typeof FOLDERS;
  /** Test files on real servers that decide besides the unit tests. */
  readonly suites: readonly string[];
  readonly lanes: number;
  readonly sample: Sample;
  /** The last result, to try again only what survived: the code is the same, and tests were added. */
  readonly before?: AreaResult | undefined;
};

/** Lets Stryker try the mutants of a folder of `orchestrator/src`. */
export async function runFolder({ root, folder, suites, lanes, sample, before }: FolderRun): Promise<AreaResult> {
  const kept = join(root, ".cache/mutants", folder.replaceAll("/", "-"));
  const vitestConfig = `${kept}.vitest.config.ts`;
  await writeConfig(vitestConfig, suites);
  const options = optionsFor(root, vitestConfig, lanes);
  if (before !== undefined) return await survivorsAgain(root, options, before);
  const isWhole = sample.share === 1;
  const results = await new Stryker({
    ...options,
    mutate: filesOf(folder),
    // Stryker switches mutants on when tests run, too late for code that runs while modules are loaded.
    ignoreStatic: true,
    // Results of a former run hold until the code or a test that decides about it changes.
    incremental: isWhole,
    ...(isWhole ? {} : { checkers: ["sample"], [SAMPLE_OPTION]: sample, warnings: false }),
    incrementalFile: `${relative(root, kept)}.json`,
  }).runMutationTest();
  const isStatic = (result: MutantResult) => result.static === true && ["Survived", "Ignored"].includes(result.status);
  const undecided = results.filter((result) => isStatic(result) && isMutantDrawn(result, sample));
  const notDrawn = results.filter(
    (result) => !isMutantDrawn(result, sample) && (isStatic(result) || result.status === "CompileError"),
  );
  const again = undecided.length === 0 ? [] : await withFreshModules(options, undecided);
  const of = (...statuses: readonly MutantResult["status"][]) =>
    results
      .filter((result) => !notDrawn.includes(result))
      .map((result) => again.find((other) => isSame(result, other)) ?? result)
      .filter(({ status }) => statuses.includes(status));
  return {
    area: folder,
    killed: of(...NOTICED).length,
    survivors: await Promise.all(of("Survived", "NoCoverage").map((result) => survivorOf(root, result))),
    leftOut: of("Ignored").length,
    notTried: notDrawn.length,
  };
}

function optionsFor(
  root: string,
  configFile: string,
  lanes: number,
): NonNullable<ConstructorParameters<typeof Stryker>[0]> {
  return {
    testRunner: "vitest",
    plugins: [
      "@stryker-mutator/vitest-runner",
      "./e2e/mutation/service/typescript/leftOut.ts",
      "./e2e/mutation/service/typescript/sampleChecker.ts",
    ],
    ignorers: ["left-out"],
    vitest: { configFile },
    coverageAnalysis: "perTest",
    // Stryker rewrites the configuration of TypeScript with its compiler's API, which version 7 does not have.
    tsconfigFile: "absent",
    ignorePatterns: [".cache", "docs/images", "dashboards", "deploy", "alerts", "alertmanager"],
    tempDirName: ".cache/mutants/stryker",
    // Releases of Redis that some tests start.
    buildCommand: `ln -s ${join(root, ".cache")} .cache`,
    // A longer run hangs, even on a busy machine.
    timeoutMS: 15_000,
    timeoutFactor: 4,
    concurrency: lanes,
    reporters: ["progress-append-only"],
    allowEmpty: false,
  };
}

/** Tries again what survived and is not argued. What the code no longer has is not counted. */
async function survivorsAgain(
  root: string,
  options: ReturnType<typeof optionsFor>,
  before: AreaResult,
): Promise<AreaResult> {
  const open = before.survivors.filter((survivor) => argumentFor(survivor) === undefined);
  const places = (await Promise.all(open.map((survivor) => placesOf(root, survivor)))).flat();
  const argued = before.survivors.filter((survivor) => !open.includes(survivor));
  if (places.length === 0) return { ...before, survivors: argued };
  const results = await new Stryker({
    ...options,
    mutate: [...new Set(open.map(({ file }) => join("orchestrator/src", file)))],
    ignoreStatic: false,
    ...{ checkers: ["sample"], [SAMPLE_OPTION]: { places } satisfies Places, warnings: false },
  }).runMutationTest();
  const names = open.map(nameOf);
  const survivors = argued.slice();
  let killed = 0;
  for (const result of results) {
    const survivor = await survivorOf(root, result);
    if (!names.includes(nameOf(survivor))) continue;
    if (NOTICED.includes(result.status)) killed++;
    else survivors.push(survivor);
  }
  // An equal line has mutants of the same name, which are counted already.
  const closed = Math.min(killed, before.survivors.length - survivors.length);
  return { ...before, killedAtFirst: killedAtFirst(before), killed: before.killed + closed, survivors };
}

/** The lines of a survivor in the code as it is now: more may stand before them. */
async function placesOf(root: string, { file, source, operator }: Survivor): Promise<string[]> {
  const lines = (await readFile(join(root, "orchestrator/src", file), "utf8")).split("\n");
  return lines.flatMap((text, at) =>
    text.trim() === source ? [placeOf(file, at + 1, operator.replace(UNTESTED, ""))] : [],
  );
}

/** The same for the same mistake, on any line and whether a test runs it or not. */
function nameOf({ file, source, operator, change }: Survivor): string {
  return JSON.stringify([file, source, operator.replace(UNTESTED, ""), change]);
}

/** Tries mutants with modules that are loaded again. It is much slower, and for few. */
async function withFreshModules(
  options: ReturnType<typeof optionsFor>,
  mutants: readonly MutantResult[],
): Promise<MutantResult[]> {
  const ranges = mutants.map(({ fileName, location: { start, end } }) => {
    // Ranges count columns from 0.
    return `${relative("", fileName)}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
  });
  return await new Stryker({ ...options, mutate: [...new Set(ranges)], ignoreStatic: false }).runMutationTest();
}

function isSame(one: MutantResult, other: MutantResult): boolean {
  const place = ({ fileName, location: { start, end }, mutatorName, replacement }: MutantResult) =>
    JSON.stringify([fileName, start.line, start.column, end.line, end.column, mutatorName, replacement]);
  return place(one) === place(other);
}

async function survivorOf(
  root: string,
  { fileName, location, mutatorName, replacement, status }: MutantResult,
): Promise<Survivor> {
  const path = join(root, relative(root, fileName));
  const lines = (await readFile(path, "utf8")).split("\n");
  const { start, end } = location;
  const first = lines[start.line - 1] ?? "";
  const isOneLine = start.line === end.line;
  const original = isOneLine ? first.slice(start.column - 1, end.column - 1) : `${first.slice(start.column - 1)} ...`;
  return {
    file: relative(join(root, "orchestrator/src"), path),
    line: start.line,
    source: first.trim(),
    operator: status === "NoCoverage" ? mutatorName + UNTESTED : mutatorName,
    change: `${original.trim()} -> ${(replacement ?? "").replace(/\s+/g, " ").trim()}`,
  };
}
