import { type Case, parseDuration } from "@mcp-orchestrator/alerts";
import { type PrometheusRelease, promtool, renderPromtoolTests, runOn } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import pLimit from "p-limit";
import type { RuleMutant } from "./rules.ts";
import { comparison, type RandomSet, randomSets } from "./search.ts";
import type { Verdicts } from "./verdicts.ts";

/** promtool gave no verdict about some of the mutants. */
export class TrialError extends Error {
  readonly code = "TRIAL_UNREADABLE";
  readonly subject = "promtool";

  constructor(expected: number, output: string) {
    super(`promtool gave no ${expected} verdicts: ${output.slice(0, 2000)}`);
    this.name = "TrialError";
  }
}

/** Runs of promtool at the same time. */
const SIDE_BY_SIDE = 2;
/** Mutants in one promtool process: its start costs as much as several of them. */
const BATCH = 12;
/** Samples in each round. Most mutants fail one of the first, so the later and longer ones run for few mutants. */
const ROUND = 3;
/** Kinds of mistakes that only the sample with the annotations can show. */
const IN_TEXTS: readonly string[] = ["severity", "page", "label", "annotation"];

/** The rules of an alert, and which of its samples run against them. */
type Trial = Pick<RuleMutant, "alert" | "kind" | "rules">;
type Choice = { readonly from: number; readonly to: number };
/** Of all random sets: another run draws the same. */
const SEED = 1;
const EVERYTHING: Choice = { from: 0, to: Number.POSITIVE_INFINITY };

/** Runs samples against rules with one release of promtool. */
export class Trials {
  readonly #release: PrometheusRelease;
  readonly #verdicts: Verdicts;

  constructor(release: PrometheusRelease, verdicts: Verdicts) {
    this.#release = release;
    this.#verdicts = verdicts;
  }

  /**
   * Runs the samples of each mutant's alert against it.
   *
   * @param onProgress called after each batch with the number of mutants decided
   * @returns the mutants that passed all samples
   */
  async survivors(
    mutants: readonly RuleMutant[],
    onProgress: (decided: number) => void = () => {},
  ): Promise<RuleMutant[]> {
    if (mutants.length === 0) return [];
    await this.#checkOriginals(mutants);
    let decided = 0;
    const surviving = await pLimit(SIDE_BY_SIDE).map(batches(mutants), async (batch) => {
      let alive: readonly RuleMutant[] = batch;
      const most = Math.max(...batch.map(({ alert }) => alert.samples.cases.length));
      for (let from = 0; from < most; from += ROUND)
        alive = await this.#passing(alive, this.#samples({ from, to: from + ROUND }));
      decided += batch.length;
      onProgress(decided);
      return alive;
    });
    return surviving.flat();
  }

  /**
   * Compares mutants with their originals on random sets of series.
   *
   * @returns a set on which a mutant differs, by its mutant
   */
  async counterExamples(mutants: readonly RuleMutant[], count: number): Promise<Map<RuleMutant, RandomSet>> {
    const found = new Map<RuleMutant, RandomSet>();
    await pLimit(SIDE_BY_SIDE).map(batches(mutants), async (batch) => {
      const compared = batch.map((mutant) => ({ mutant, sets: randomSets(mutant.alert, count, SEED) }));
      const textsFor = (one: (typeof compared)[number]): Texts => [this.#release, ...comparison(one.mutant, one.sets)];
      const same = await this.#passing(compared, textsFor);
      for (const { mutant, sets } of compared.filter((one) => !same.includes(one))) {
        const alone = sets.map((set) => ({ mutant, sets: [set] }));
        const agreeing = await this.#passing(alone, textsFor);
        const differs = alone.find((one) => !agreeing.includes(one))?.sets[0];
        if (differs !== undefined) found.set(mutant, differs);
      }
    });
    return found;
  }

  /** A mutant is killed by a failing sample only if the original passes it. */
  async #checkOriginals(mutants: readonly RuleMutant[]): Promise<void> {
    const originals = [
      ...new Map(mutants.map((mutant) => [mutant.alert, { ...mutant, rules: mutant.original }])).values(),
    ];
    const tried = await pLimit(SIDE_BY_SIDE).map(batches(originals), (batch) =>
      this.#passing(batch, this.#samples(EVERYTHING)),
    );
    const passed = tried.flat();
    const failed = originals.filter((one) => !passed.includes(one)).map(({ alert }) => alert.name);
    if (failed.length > 0) throw new TrialError(originals.length, `the unchanged rules fail: ${failed.join(", ")}`);
  }

  /** The chosen samples as tests. */
  #samples(choice: Choice): (trial: Trial) => Texts {
    return (trial) => textsOf(trial, this.#release, choice);
  }

  /** Those whose rules pass their tests. */
  async #passing<T>(trials: readonly T[], textsFor: (trial: T) => Texts): Promise<T[]> {
    const written = trials.map((trial) => ({ trial, texts: textsFor(trial) }));
    const fresh = written.filter(({ texts }) => this.#verdicts.of(texts) === undefined).map(({ texts }) => texts);
    if (fresh.length > 0) await this.#try(fresh);
    return written.filter(({ texts }) => this.#verdicts.of(texts) === true).map(({ trial }) => trial);
  }

  async #try(all: readonly Texts[]): Promise<void> {
    const named = (index: number, kind: string) => `${index}.${kind}.yml`;
    const files = all.flatMap(([, rules, tests], index) => [
      [named(index, "rules"), rules],
      [named(index, "test"), tests.replace(RULES, named(index, "rules"))],
    ]);
    const tests = all.map((_, index) => named(index, "test"));
    const { output } = await runOn(Object.fromEntries(files), promtool(this.#release), ["test", "rules", ...tests]);
    // Some releases do not name the file, but all give one verdict per file, in order.
    const verdicts = [...output.matchAll(/^ {2}(SUCCESS|FAILED)/gm)].map((match) => match[1]);
    if (verdicts.length !== all.length) throw new TrialError(all.length, output);
    for (const [index, texts] of all.entries()) this.#verdicts.keep(texts, verdicts[index] === "SUCCESS");
  }
}

/** The release, the rules and the tests. */
type Texts = readonly [release: string, rules: string, tests: string];
const RULES = "rules.yml";

function textsOf({ alert, kind, rules }: Trial, release: PrometheusRelease, { from, to }: Choice): Texts {
  const samples = { ...alert.samples, cases: inOrder(alert.samples.cases, kind).slice(from, to) };
  // promtool evaluates every group at the interval of the tests.
  const evaluatedEveryMs = Math.max(...rules.groups.map(({ interval }) => parseDuration(interval)));
  const tests = renderPromtoolTests(RULES, [{ ...alert, samples, evaluatedEveryMs }]);
  return [release, dump(rules, { noRefs: true }), tests];
}

/** The short samples first, which cost least; before them the sample that shows the kind of mistake. */
function inOrder(cases: readonly Case[], kind: string): Case[] {
  const costOf = ({ annotated, expect }: Case) =>
    annotated !== undefined && IN_TEXTS.includes(kind) ? 0 : parseDuration(expect.at(-1)?.at ?? "");
  return cases.toSorted((a, b) => costOf(a) - costOf(b));
}

function batches<T>(mutants: readonly T[]): T[][] {
  const count = Math.ceil(mutants.length / BATCH);
  // In turns, so that each batch has mutants of cheap and of costly alerts.
  return Array.from({ length: count }, (_, index) => mutants.filter((__, position) => position % count === index));
}
