import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SCENARIOS } from "../scenarios/index.ts";
import type { Outcome } from "../scenarios/scenario.ts";
import type { Facts } from "./machine.ts";
import { cellsOf } from "./table.ts";
import { judge } from "./targets.ts";

/** One scenario's outcome, with what it was measured on. */
type Result = { readonly facts: Facts; readonly outcome: Outcome };

/**
 * Writes results.md for people and results.json, with every round, for programs. What other scenarios measured, perhaps
 * in an earlier run, stays.
 */
export async function writeResults(dir: string, scenario: string, facts: Facts, outcome: Outcome): Promise<void> {
  const file = join(dir, "results.json");
  const known = await readResults(file);
  const all: Record<string, Result> = { ...known, [scenario]: { facts, outcome } };
  const results = Object.fromEntries(SCENARIOS.flatMap(({ name }) => (name in all ? [[name, all[name] as Result]] : [])));
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(join(dir, "results.md"), render(Object.values(results)));
}

async function readResults(file: string): Promise<Record<string, Result>> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Record<string, Result>;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return {};
    throw error;
  }
}

function render(results: readonly Result[]): string {
  const verdicts = judge(Object.assign({}, ...results.map(({ outcome }) => outcome.targets)));
  return [
    "# Benchmark results",
    "",
    "Written by `npm run bench`; do not edit. Medians over the rounds, with half the distance of the extremes in",
    "parentheses; a ratio is the median of the ratios of the same round.",
    "",
    "## Must reach",
    "",
    ...table(
      ["what", "must be", "measured", ""],
      verdicts.map(({ what, limit, measured, reached }) => [what, limit, measured, reached ? "reached" : "**not reached**"]),
    ),
    ...results.flatMap(({ facts, outcome: { section } }) => {
      const { head, body } = cellsOf(section);
      const notes = section.notes.map((note) => `- ${note}`);
      return ["", `## ${section.title}`, "", measuredOn(facts), "", ...table(head, body), "", ...notes];
    }),
    "",
  ].join("\n");
}

function measuredOn(facts: Facts): string {
  const { cpu, cores, memoryGiB, system, node, redis, bullmq, ioredis, rounds, tasks, commit, date } = facts;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; Node ${node}, Redis ${redis}, BullMQ ${bullmq}, ioredis ${ioredis}; up to ${rounds} rounds of ${tasks} tasks; commit ${commit}, ${date}.`;
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)];
}
