import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AREAS, type Area, FOLDERS, SUITES } from "./areas.ts";
import { runLua } from "./lua/run.ts";
import { parseOptions } from "./options.ts";
import { areaProgress } from "./progress.ts";
import { merged, renderReport, scoreOf } from "./report.ts";
import type { AreaResult } from "./result.ts";
import { runFolder } from "./typescript/run.ts";

/** `npm run mutants:service`: tries the mutants of the service, area by area, and writes the report. */

const { only, minutes, lanes, least, share, seed, survivors } = parseOptions(process.argv.slice(2));
const root = fileURLToPath(new URL("../../../", import.meta.url));
const results = join(root, "docs/reference/mutants-service.json");
const sample = { share, seed };
const startMs = performance.now();
const deadlineMs = startMs + minutes * 60_000;
// The paths of the configuration are relative to the project folder.
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
  // Saved after each area, so that an interrupted run keeps its results.
  await keep();
}
const score = scoreOf(tried);
process.stdout.write(`${score.toFixed(1)} % noticed, in ${Math.round((performance.now() - startMs) / 1000)} s\n`);
process.exitCode = score < least ? 1 : 0;

async function run(area: Area): Promise<AreaResult> {
  const before = survivors ? (await known()).find((result) => result.area === area) : undefined;
  if (area in FOLDERS) {
    const folder = area as keyof typeof FOLDERS;
    return await runFolder({ root, folder, suites: FOLDERS[folder], lanes, sample, before });
  }
  const script = area.slice("lua/".length);
  const onDecided = areaProgress(area, process.stderr, () => performance.now() - startMs);
  return await runLua({ root, script, suites: SUITES[script] ?? [], lanes, sample, before, deadlineMs, onDecided });
}

async function keep(): Promise<void> {
  const all = merged(await known(), tried, AREAS);
  await writeFile(results, `${JSON.stringify(all, null, 2)}\n`);
  await writeFile(join(root, "docs/reference/mutants-service.md"), renderReport(all, AREAS));
}

/** What earlier runs found. */
async function known(): Promise<AreaResult[]> {
  return JSON.parse(await readFile(results, "utf8").catch(() => "[]")) as AreaResult[];
}
