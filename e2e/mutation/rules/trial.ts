import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Case } from "@mcp-orchestrator/alerts";
import { type PrometheusRelease, promtool, renderPromtoolTests, rulesOf, run } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import type { RuleMutant } from "./rules.ts";

/** promtool did not say how each of the mutants did. */
export class TrialError extends Error {
  readonly code = "TRIAL_UNREADABLE";
  readonly subject = "promtool";

  constructor(expected: number, output: string) {
    super(`promtool gave no ${expected} verdicts: ${output.slice(0, 2000)}`);
    this.name = "TrialError";
  }
}

/** Mutants that one promtool process tries: its start costs as much as several of them. */
const BATCH = 40;
/** How many samples are tried in each round; most mutants survive none, so the many are left to the few. */
const ROUNDS = [1, 2, 4, Number.POSITIVE_INFINITY];

/**
 * Runs the samples of each mutant's alert against it.
 *
 * @param onProgress called after each batch with the number of mutants decided
 * @returns the mutants that passed all samples
 */
export async function survivors(
  mutants: readonly RuleMutant[],
  release: PrometheusRelease,
  onProgress: (decided: number) => void = () => {},
): Promise<RuleMutant[]> {
  if (mutants.length === 0) return [];
  await checkOriginals(mutants, release);
  let decided = 0;
  const surviving = await mapTwoAtATime(batches(mutants), async (batch) => {
    let alive: readonly RuleMutant[] = batch;
    let from = 0;
    for (const count of ROUNDS) {
      const to = from + count;
      const [first, rest] = [from, to];
      if (alive.length > 0) alive = await passing(alive, release, (cases) => inOrder(cases).slice(first, rest));
      from = to;
    }
    decided += batch.length;
    onProgress(decided);
    return alive;
  });
  return surviving.flat();
}

/** A mutant is killed by a failing sample only where the original passes it. */
async function checkOriginals(mutants: readonly RuleMutant[], release: PrometheusRelease): Promise<void> {
  const originals = new Map(
    mutants.map(({ alert }) => [alert.name, { alert, rules: rulesOf(alert), kind: "", name: "" }]),
  );
  const controls = [...originals.values()];
  const passed = await passing(controls, release, (cases) => cases);
  const failed = controls.filter((control) => !passed.includes(control)).map(({ alert }) => alert.name);
  if (failed.length > 0) throw new TrialError(controls.length, `without any mistake these fail: ${failed.join(", ")}`);
}

/** The sample with the annotations first: it is about labels, texts and durations, and few mutants survive it. */
function inOrder(cases: readonly Case[]): Case[] {
  return [...cases].sort((a, b) => Number(b.annotated !== undefined) - Number(a.annotated !== undefined));
}

/** Those of the mutants whose rules pass the chosen samples. */
async function passing(
  mutants: readonly RuleMutant[],
  release: PrometheusRelease,
  choose: (cases: readonly Case[]) => readonly Case[],
): Promise<RuleMutant[]> {
  const folder = await mkdtemp(join(tmpdir(), "mutants-"));
  try {
    const files = mutants.map((_, index) => `${index}.test.yml`);
    for (const [index, { alert, rules }] of mutants.entries()) {
      const cases = choose(alert.samples.cases);
      await writeFile(join(folder, `${index}.rules.yml`), dump(rules, { noRefs: true }));
      const tests = renderPromtoolTests(`${index}.rules.yml`, [{ ...alert, samples: { ...alert.samples, cases } }]);
      await writeFile(join(folder, `${index}.test.yml`), tests);
    }
    const { output } = await run(promtool(release), ["test", "rules", ...files], { cwd: folder });
    // Not every release names the file with its verdict, but all give one verdict per file, in order.
    const verdicts = [...output.matchAll(/^ {2}(SUCCESS|FAILED)/gm)].map((match) => match[1]);
    if (verdicts.length !== mutants.length) throw new TrialError(mutants.length, output);
    return mutants.filter((_, index) => verdicts[index] === "SUCCESS");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function batches(mutants: readonly RuleMutant[]): RuleMutant[][] {
  const count = Math.ceil(mutants.length / BATCH);
  // Dealt out like cards, so that each batch has mutants of cheap and of costly alerts.
  return Array.from({ length: count }, (_, index) => mutants.filter((__, position) => position % count === index));
}

async function mapTwoAtATime<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await action(item);
  };
  await Promise.all([worker(), worker()]);
  return results;
}
