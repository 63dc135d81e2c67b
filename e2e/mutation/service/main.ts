import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AREAS, SUITES } from "./areas.ts";
import { runLua } from "./lua/run.ts";
import { parseOptions } from "./options.ts";
import { areaProgress } from "./progress.ts";
import { merged, renderReport, scoreOf } from "./report.ts";
import type { AreaResult } from "./result.ts";
import { runFolder } from "./typescript/run.ts";

/** `npm run mutants:service`: tries the mutants of the service, area by area, and writes the report. */

const { only, minutes, lanes, least } = parseOptions(process.argv.slice(2));
const root = fileURLToPath(new URL("../../../", import.meta.url));
const results = join(root, "docs/mutants-service.json");
const startMs = performance.now();
const deadlineMs = startMs + minutes * 60_000;
// The folder of the project is what the paths of the configuration are relative to.
process.chdir(root);

const tried: AreaResult[] = [];
for (const area of AREAS.filter((each) => only.includes(each))) {
  if (performance.now() > deadlineMs) break;
  const result = await run(area);
  tried.push(result);
  for (const { change, file, line, operator } of result.survivors) {
    process.stdout.write(`survived: ${file}:${line} ${operator}: ${change}\n`);
  }
  process.stdout.write(`${area}: ${result.killed} killed, ${result.survivors.length} survived\n`);
  // Kept after each area: a run that is cut off has not been in vain.
  await keep();
}
const score = scoreOf(tried);
process.stdout.write(`${score.toFixed(1)} % noticed, in ${Math.round((performance.now() - startMs) / 1000)} s\n`);
process.exitCode = score < least ? 1 : 0;

async function run(area: (typeof AREAS)[number]): Promise<AreaResult> {
  const script = /^lua\/(.+)$/.exec(area)?.[1];
  if (script === undefined) return await runFolder({ root, folder: area, lanes });
  const onDecided = areaProgress(area, process.stderr, () => performance.now() - startMs);
  return await runLua({ root, script, suites: SUITES[script] ?? [], lanes, deadlineMs, onDecided });
}

async function keep(): Promise<void> {
  const before = JSON.parse(await readFile(results, "utf8").catch(() => "[]")) as AreaResult[];
  const all = merged(before, tried, AREAS);
  await writeFile(results, `${JSON.stringify(all, null, 2)}\n`);
  await writeFile(join(root, "docs/mutants-service.md"), renderReport(all));
}
