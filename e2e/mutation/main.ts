import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { alertmanagerConfig, bundledEndpoints } from "@mcp-orchestrator/alertmanager";
import { startTrialServer, tryInhibitions } from "@mcp-orchestrator/alertmanager/proof";
import { ALERTS, PRODUCTION, SHIPPED_ALERTS } from "@mcp-orchestrator/alerts";
import { dump } from "js-yaml";
import { OTHER_AREAS, parseOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { renderBadge, renderReport, score, type Tally, tally, withScore } from "./report.ts";
import { equivalenceOf } from "./routes/equivalents.ts";
import { inhibitionMutants } from "./routes/inhibitions.ts";
import { routeMutants } from "./routes/routes.ts";
import { routesAsTheyMust } from "./routes/routeTrial.ts";
import { equivalenceOf as ruleEquivalence } from "./rules/equivalents.ts";
import { ruleMutants } from "./rules/rules.ts";
import { scopeMutants } from "./rules/scope.ts";
import { Trials } from "./rules/trial.ts";
import { Verdicts } from "./rules/verdicts.ts";

/** `npm run mutants`: tries every mutant of rules, routes and inhibitions, and writes the report. */

const options = parseOptions(process.argv.slice(2), [...ALERTS.map(({ name }) => name), ...OTHER_AREAS]);
const root = new URL("../../", import.meta.url);
/** Alerts whose samples span days: each of their mutants takes seconds, so they have a run and a report of their own. */
const spansDays = new Set(
  SHIPPED_ALERTS.filter(({ evaluatedEveryMs }) => evaluatedEveryMs !== undefined).map(({ name }): string => name),
);
const isWanted = (area: string) => options.only?.includes(area) ?? spansDays.has(area) === options.budgets;
const config = alertmanagerConfig(PRODUCTION, bundledEndpoints());
const startMs = performance.now();

// Samples belong to the thresholds that ship.
const alerts = SHIPPED_ALERTS.filter(({ name }) => isWanted(name));
const mutants = {
  rules: alerts.flatMap((alert) => [...ruleMutants(alert), ...scopeMutants(alert.name)]),
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
  const verdicts = new Verdicts(fileURLToPath(new URL(".cache/mutants", root)));
  const trials = new Trials("3.5", verdicts);
  const passing = await trials.survivors(mutants.rules, (decided) => progress.decided("rules", decided));
  // The older release has one sample more in a window. A mutant is killed if one of the two releases notices it.
  const alive = await new Trials("2.42", verdicts).survivors(passing);
  const argued = alive.filter(({ name }) => ruleEquivalence(name) !== undefined);
  const counterExamples = await trials.counterExamples(argued, options.search);
  for (const [{ name }, set] of counterExamples) console.log(`not equivalent: ${name}\n${dump(set)}`);
  const differing = [...counterExamples.keys()].map(({ name }) => name);
  return alerts.map(({ name }) => {
    const own = <T extends { alert: { name: string } }>(all: readonly T[]) =>
      all.filter(({ alert }) => alert.name === name);
    const undetected = own(alive).map((mutant) => mutant.name);
    return tally(name, own(mutants.rules).length, undetected, (mutant) =>
      differing.includes(mutant) ? undefined : ruleEquivalence(mutant),
    );
  });
}

async function ofRoutes(): Promise<Tally[]> {
  if (!isWanted("routes")) return [];
  if (!routesAsTheyMust(config)) throw new Error("The unchanged routes do not pass their cases");
  const alive = mutants.routes.filter((mutant) => routesAsTheyMust(mutant.config)).map(({ name }) => name);
  progress.decided("routes", mutants.routes.length);
  return [tally("routes", mutants.routes.length, alive, equivalenceOf)];
}

async function ofInhibitions(): Promise<Tally[]> {
  if (!isWanted("inhibitions")) return [];
  await using server = await startTrialServer("0.33");
  const problems = await tryInhibitions(server, config);
  if (problems.length > 0) throw new Error(`The unchanged inhibitions do not pass: ${problems.join("; ")}`);
  const alive: string[] = [];
  for (const [index, mutant] of mutants.inhibitions.entries()) {
    if ((await tryInhibitions(server, mutant.config)).length === 0) alive.push(mutant.name);
    progress.decided("inhibitions", index + 1);
  }
  return [tally("inhibitions", mutants.inhibitions.length, alive, equivalenceOf)];
}

/** Writes the report and the score, or with --check compares them with what is committed. */
async function keep(): Promise<void> {
  const report = renderReport(tallies, { sets: options.search, budgets: options.budgets });
  const readme = await readFile(new URL("README.md", root), "utf8");
  const files = options.budgets
    ? { "docs/reference/mutants-budgets.md": report }
    : {
        "docs/reference/mutants.md": report,
        "docs/reference/mutants.json": renderBadge(tallies),
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
