import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import type { AreaResult, Survivor } from "../result.ts";

type MutantResult = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

export type FolderRun = { readonly root: string; readonly folder: string; readonly lanes: number };

/** Has Stryker try the mutants of a folder of `orchestrator/src` against the unit tests of the service. */
export async function runFolder({ root, folder, lanes }: FolderRun): Promise<AreaResult> {
  const source = join("orchestrator/src", folder);
  const results = await new Stryker({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "e2e/mutation/service/typescript/vitest.config.ts" },
    coverageAnalysis: "perTest",
    mutate: [`${source}/**/*.ts`, `!${source}/**/*.test.ts`, `!${source}/testing/**`],
    // Stryker rewrites the configuration of TypeScript with its compiler's API, which version 7 does not have.
    tsconfigFile: "absent",
    ignorePatterns: [".cache", "docs", "dashboards", "deploy", "alerts", "alertmanager"],
    tempDirName: ".cache/mutants/stryker",
    concurrency: lanes,
    reporters: ["progress-append-only"],
    allowEmpty: false,
  }).runMutationTest();
  const of = (...statuses: readonly MutantResult["status"][]) =>
    results.filter(({ status }) => statuses.includes(status));
  return {
    area: folder,
    killed: of("Killed", "Timeout").length,
    survivors: await Promise.all(of("Survived").map((result) => survivorOf(root, result))),
    notCovered: of("NoCoverage").length,
    notTried: 0,
  };
}

async function survivorOf(
  root: string,
  { fileName, location, mutatorName, replacement }: MutantResult,
): Promise<Survivor> {
  const path = join(root, relative(root, fileName));
  const lines = (await readFile(path, "utf8")).split("\n");
  const { start, end } = location;
  const first = lines[start.line] ?? "";
  const original = start.line === end.line ? first.slice(start.column, end.column) : `${first.slice(start.column)} ...`;
  return {
    file: relative(join(root, "orchestrator/src"), path),
    line: start.line + 1,
    source: first.trim(),
    operator: mutatorName,
    change: `${original.trim()} -> ${(replacement ?? "").replace(/\s+/g, " ").trim()}`,
  };
}
