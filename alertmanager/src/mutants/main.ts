import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ALERTS, PRODUCTION } from "@mcp-orchestrator/alerts";
import { equivalenceOf as ruleEquivalence, ruleMutants, survivors } from "@mcp-orchestrator/alerts/mutants";
import { BUNDLED_ENDPOINTS } from "../../endpoints.ts";
import { alertmanagerConfig } from "../config.ts";
import { AlertmanagerProcess } from "../proof/alertmanagerProcess.ts";
import { inhibitionConfig, tryInhibitions } from "../proof/inhibitionTrial.ts";
import { equivalenceOf } from "./equivalents.ts";
import { inhibitionMutants } from "./inhibitions.ts";
import { renderBadge, renderReport, score, type Tally, tally } from "./report.ts";
import { routeMutants } from "./routes.ts";
import { routesAsTheyMust } from "./routeTrial.ts";

/** Tries every mutant of rules, routes and inhibitions, and writes the report. Exits with 1 when one survives. */

const { values } = parseArgs({ options: { check: { type: "boolean" }, only: { type: "string" } } });
const report = fileURLToPath(new URL("../../../docs/mutants.md", import.meta.url));
const badge = fileURLToPath(new URL("../../../docs/mutants.json", import.meta.url));
const config = alertmanagerConfig(PRODUCTION, BUNDLED_ENDPOINTS);
const startMs = performance.now();

const areas = values.only === undefined ? [ofRules(), ofRoutes(), ofInhibitions()] : [ofRules()];
const tallies = (await Promise.all(areas)).flat();
process.stderr.write("\n");
const { killed, killable } = score(tallies);
for (const name of tallies.flatMap(({ survived }) => survived)) console.log(`survived: ${name}`);
const seconds = Math.round((performance.now() - startMs) / 1000);
console.log(`${killed} of ${killable} mutants killed in ${seconds} s`);
if (values.only === undefined) await keep();
if (killed < killable) process.exitCode = 1;

async function ofRules(): Promise<Tally[]> {
  const alerts = ALERTS.filter(({ name }) => values.only === undefined || values.only === name);
  const mutants = alerts.flatMap((alert) => ruleMutants(alert));
  const passing = await survivors(mutants, "3.5", (decided) => progress(`rules: ${decided} of ${mutants.length}`));
  // Windows hold one sample more in the older release; what one of the two tells from the original is told.
  const alive =
    passing.length === 0 ? [] : await survivors(passing, "2.42", () => progress("rules: once more on 2.42"));
  return alerts.map((alert) => {
    const own = <T extends { alert: { name: string } }>(all: readonly T[]) =>
      all.filter((mutant) => mutant.alert.name === alert.name);
    return tally(
      alert.name,
      own(mutants).length,
      own(alive).map(({ name }) => name),
      ruleEquivalence,
    );
  });
}

async function ofRoutes(): Promise<Tally> {
  if (!routesAsTheyMust(config)) throw new Error("The routes themselves do not pass their cases");
  const mutants = routeMutants(config);
  const alive = mutants.filter((mutant) => routesAsTheyMust(mutant.config));
  return tally(
    "routes",
    mutants.length,
    alive.map(({ name }) => name),
    equivalenceOf,
  );
}

async function ofInhibitions(): Promise<Tally> {
  const mutants = inhibitionMutants(config);
  const alive: string[] = [];
  await using server = await AlertmanagerProcess.start("0.33", inhibitionConfig);
  const complaints = await tryInhibitions(server, config);
  if (complaints.length > 0) throw new Error(`The inhibitions themselves do not pass: ${complaints.join("; ")}`);
  for (const [index, mutant] of mutants.entries()) {
    if ((await tryInhibitions(server, mutant.config)).length === 0) alive.push(mutant.name);
    progress(`inhibitions: ${index + 1} of ${mutants.length}`);
  }
  return tally("inhibitions", mutants.length, alive, equivalenceOf);
}

/** Writes the report, or with --check compares it with what is committed. */
async function keep(): Promise<void> {
  const files: [string, string][] = [
    [report, renderReport(tallies)],
    [badge, renderBadge(tallies)],
  ];
  for (const [file, text] of files) {
    if (values.check !== true) await writeFile(file, text);
    else if ((await readFile(file, "utf8")) !== text) {
      console.log(`${file} is out of date: npm run mutants`);
      process.exitCode = 1;
    }
  }
}

function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
}
