import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { alertmanagerConfig, bundledEndpoints } from "@mcp-orchestrator/alertmanager";
import { startTrialServer, tryInhibitions } from "@mcp-orchestrator/alertmanager/proof";
import { ALERTS, PRODUCTION, SHIPPED_ALERTS } from "@mcp-orchestrator/alerts";
import { OTHER_AREAS, parseOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { renderBadge, renderReport, score, type Tally, tally, withScore } from "./report.ts";
import { equivalenceOf } from "./routes/equivalents.ts";
import { inhibitionMutants } from "./routes/inhibitions.ts";
import { routeMutants } from "./routes/routes.ts";
import { routesAsTheyMust } from "./routes/routeTrial.ts";
import { equivalenceOf as ruleEquivalence } from "./rules/equivalents.ts";
import { ruleMutants } from "./rules/rules.ts";
import { survivors } from "./rules/trial.ts";

/** `npm run mutants`: tries every mutant of rules, routes and inhibitions, and writes the report. */

const options = parseOptions(process.argv.slice(2), [...ALERTS.map(({ name }) => name), ...OTHER_AREAS]);
const isWanted = (area: string) => options.only?.includes(area) ?? true;
const config = alertmanagerConfig(PRODUCTION, bundledEndpoints());
const startMs = performance.now();

// Samples are about the thresholds that ship.
const alerts = SHIPPED_ALERTS.filter(({ name }) => isWanted(name));
const mutants = {
  rules: alerts.flatMap((alert) => ruleMutants(alert)),
  routes: isWanted("routes") ? routeMutants(config) : [],
  inhibitions: isWanted("inhibitions") ? inhibitionMutants(config) : [],
};
const progress = new Progress();
for (const [area, { length }] of Object.entries(mutants)) progress.expect(area, length);

const tallies = (await Promise.all([ofRules(), ofRoutes(), ofInhibitions()])).flat();
const { killed, killable } = score(tallies);
for (const name of tallies.flatMap(({ survived }) => survived)) console.log(`survived: ${name}`);
if (options.only === undefined) await keep();
console.log(`${killed} of ${killable} mutants killed in ${Math.round((performance.now() - startMs) / 1000)} s`);
if (killed < killable) process.exitCode = 1;

async function ofRules(): Promise<Tally[]> {
  const passing = await survivors(mutants.rules, "3.5", (decided) => progress.decided("rules", decided));
  // Windows hold one sample more in the older release; a mutant counts as noticed when one of the two notices it.
  const alive = await survivors(passing, "2.42");
  return alerts.map(({ name }) => {
    const own = <T extends { alert: { name: string } }>(all: readonly T[]) =>
      all.filter(({ alert }) => alert.name === name);
    const undetected = own(alive).map((mutant) => mutant.name);
    return tally(name, own(mutants.rules).length, undetected, ruleEquivalence);
  });
}

async function ofRoutes(): Promise<Tally[]> {
  if (!isWanted("routes")) return [];
  if (!routesAsTheyMust(config)) throw new Error("The routes themselves do not pass their cases");
  const alive = mutants.routes.filter((mutant) => routesAsTheyMust(mutant.config)).map(({ name }) => name);
  progress.decided("routes", mutants.routes.length);
  return [tally("routes", mutants.routes.length, alive, equivalenceOf)];
}

async function ofInhibitions(): Promise<Tally[]> {
  if (!isWanted("inhibitions")) return [];
  await using server = await startTrialServer("0.33");
  const complaints = await tryInhibitions(server, config);
  if (complaints.length > 0) throw new Error(`The inhibitions themselves do not pass: ${complaints.join("; ")}`);
  const alive: string[] = [];
  for (const [index, mutant] of mutants.inhibitions.entries()) {
    if ((await tryInhibitions(server, mutant.config)).length === 0) alive.push(mutant.name);
    progress.decided("inhibitions", index + 1);
  }
  return [tally("inhibitions", mutants.inhibitions.length, alive, equivalenceOf)];
}

/** Writes the report and the score, or with --check compares them with what is committed. */
async function keep(): Promise<void> {
  const root = new URL("../../", import.meta.url);
  const readme = await readFile(new URL("README.md", root), "utf8");
  const files = {
    "docs/mutants.md": renderReport(tallies),
    "docs/mutants.json": renderBadge(tallies),
    "README.md": withScore(readme, tallies),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = fileURLToPath(new URL(name, root));
    if (!options.check) await writeFile(file, text);
    else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
      console.log(`${name} is out of date: npm run mutants, and commit the result`);
      process.exitCode = 1;
    }
  }
}
