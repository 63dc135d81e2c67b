import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "../scenarios/scenario.ts";
import type { Facts } from "./machine.ts";
import { cellsOf } from "./table.ts";
import { judge } from "./targets.ts";

/** Writes results.md for people and results.json, with every round, for programs. */
export async function writeResults(dir: string, facts: Facts, outcomes: readonly Outcome[]): Promise<void> {
  const verdicts = judge(Object.assign({}, ...outcomes.map(({ targets }) => targets)));
  const sections = outcomes.map(({ section }) => section);
  await writeFile(join(dir, "results.json"), `${JSON.stringify({ facts, verdicts, sections }, null, 1)}\n`);
  const text = [
    "# Benchmark results",
    "",
    "Written by `npm run bench`; do not edit. Medians over the rounds, with half the distance of the extremes in parentheses; a ratio is the median of the ratios of the same round.",
    "",
    `${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB, ${facts.system}; Node ${facts.node}, Redis ${facts.redis}, BullMQ ${facts.bullmq}, ioredis ${facts.ioredis}; ${facts.rounds} rounds of ${facts.tasks} tasks; commit ${facts.commit}, ${facts.date}.`,
    "",
    "## Must reach",
    "",
    ...table(
      ["what", "must be", "measured", ""],
      verdicts.map(({ what, limit, measured, reached }) => [what, limit, measured, reached ? "reached" : "**not reached**"]),
    ),
    ...sections.flatMap((section) => {
      const { head, body } = cellsOf(section);
      return ["", `## ${section.title}`, "", ...table(head, body), "", ...section.notes.map((note) => `- ${note}`)];
    }),
    "",
  ];
  await writeFile(join(dir, "results.md"), text.join("\n"));
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)];
}
