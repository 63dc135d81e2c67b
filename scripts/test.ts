import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import pc from "picocolors";
import { RUNTIME_NAMES, type RuntimeName } from "../e2e/stack/runtime/choose.ts";
import { watchForInterruption } from "../e2e/testkit/interruption.ts";
import { seconds } from "./progress.ts";
import { ROOT } from "./provision/command.ts";
import { provideTestBed, type TestBed } from "./provision/testBed.ts";
import { check, runStage, type Stage, type StageResult, suite } from "./stages.ts";
import { sum } from "./testResults.ts";

/** Stages of a group run side by side, groups one after the other. */
const GROUPS: readonly (readonly Stage[])[] = [
  [check("lint", "lint"), check("types", "typecheck")],
  [suite("unit")],
  [suite("servers")],
  [suite("e2e")],
  [
    {
      ...check("mutants", "mutants", "--check"),
      inputs: [
        "{alerts,alertmanager}/{src,generated,test}/**/*",
        "e2e/{mutation,testkit}/**/*.ts",
        "orchestrator/src/**/*.ts",
        "docs/reference/mutants.*",
        "README.md",
        "package-lock.json",
        "scripts/debian/other-releases.sh",
      ],
    },
  ],
];
/** Stages that take minutes, for CI or an explicit request. */
const MORE: readonly (readonly Stage[])[] = [
  [check("bundles", "test:bundles")],
  [suite("chaos")],
  [suite("compose")],
  [suite("drill")],
];
const NAMES = [...GROUPS, ...MORE].flat().map(({ name }) => name);

const options = new Command("npm test --")
  .description("Sets up what is missing, then runs every check of the project.")
  .addOption(
    new Option("--runtime <name>", "how the servers of the e2e suites run").choices(RUNTIME_NAMES).env("E2E_RUNTIME"),
  )
  .addOption(new Option("--only <stages...>", "some of the stages").choices(NAMES))
  .option(
    "--all",
    "other bundles, the service under random faults, the compose file on a real engine and the whole drill too, as in CI",
  )
  .parse()
  .opts<{ runtime?: RuntimeName; only?: string[]; all?: true }>();

const interrupted = watchForInterruption();
process.exitCode = await main();

async function main(): Promise<number> {
  const results: StageResult[] = [];
  try {
    const groups = selected();
    const compose = groups.flat().some(({ name }) => name === "compose");
    await using bed = await provideTestBed(options.runtime, compose);
    for (const stages of groups) {
      if (interrupted.aborted) break;
      console.log(`\n${pc.bold(stages.map(({ name }) => name).join(" and "))}`);
      results.push(...(await Promise.all(stages.map((stage) => runStage(stage, environmentOf(bed))))));
    }
  } catch (error) {
    console.error(pc.red(error instanceof Error && "code" in error ? error.message : String((error as Error)?.stack)));
    results.push({ name: "setup", count: { passed: 0, failed: 1 }, durationMs: 0 });
  }
  for (const { name, lastLines = [] } of results) {
    if (lastLines.length > 0)
      console.log(`\n${pc.red(`The last lines of ${name}, which failed:`)}\n${lastLines.join("\n")}`);
  }
  const { passed, failed } = sum(results.map(({ count }) => count));
  console.log("");
  for (const { name, count, durationMs } of results) {
    console.log(
      `${name.padEnd(10)} ${seconds(durationMs).padStart(8)}  ${count.passed} passed, ${count.failed} failed`,
    );
  }
  if (interrupted.aborted) console.log("Interrupted: not everything ran.");
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || interrupted.aborted ? 1 : 0;
}

/** The selected groups, without stages whose npm script does not exist. */
function selected(): Stage[][] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  const groups = options.all || options.only !== undefined ? [...GROUPS, ...MORE] : GROUPS;
  return groups
    .map((stages) =>
      stages
        .filter(({ name, script }) => {
          const wanted = options.only === undefined || options.only.includes(name);
          return wanted && (script === undefined || script in scripts);
        })
        // A stage that is named is always run.
        .map(({ inputs = [], ...stage }) =>
          options.only === undefined && inputs.length > 0 ? { ...stage, inputs } : stage,
        ),
    )
    .filter((stages) => stages.length > 0);
}

function environmentOf({ runtime, environment }: TestBed): NodeJS.ProcessEnv {
  return { ...process.env, ...environment, E2E_RUNTIME: runtime };
}
