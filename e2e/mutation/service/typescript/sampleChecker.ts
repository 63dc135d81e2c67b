import { basename } from "node:path";
import { isDrawn, type Sample } from "../sample.ts";

/** Option of Stryker with the sample, or with the places of mutants. */
export const SAMPLE_OPTION = "sample";

type Mutant = {
  readonly id: string;
  readonly fileName: string;
  readonly mutatorName: string;
  readonly location: { readonly start: { readonly line: number } };
};
/** Places of mutants, as `placeOf` names them. */
export type Places = { readonly places: readonly string[] };
type CheckResult = { readonly status: "passed" } | { readonly status: "compileError"; readonly reason: string };

/** True if a mutant of Stryker is in the sample. Its number stays the same while the folder's code does. */
export function isMutantDrawn({ fileName, id }: Pick<Mutant, "fileName" | "id">, sample: Sample): boolean {
  return isDrawn(`${basename(fileName)} ${id}`, sample);
}

/** Where a mutant is and what it does, without its column. @param file name with or without its folders */
export function placeOf(file: string, line: number, operator: string): string {
  return `${basename(file)}:${line} ${operator}`;
}

function isChosen(mutant: Mutant, chosen: Sample | Places): boolean {
  if (!("places" in chosen)) return isMutantDrawn(mutant, chosen);
  // Checkers count lines from 0, results from 1.
  return chosen.places.includes(placeOf(mutant.fileName, mutant.location.start.line + 1, mutant.mutatorName));
}

/** Leaves out mutants that are not chosen. The only way that Stryker has is to report a compile error. */
class SampleChecker {
  static readonly inject = ["options"] as const;
  readonly #chosen: Sample | Places;

  constructor(options: { readonly [SAMPLE_OPTION]: Sample | Places }) {
    this.#chosen = options[SAMPLE_OPTION];
  }

  async init(): Promise<void> {}

  async group(mutants: readonly Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants: readonly Mutant[]): Promise<Record<string, CheckResult>> {
    const results = mutants.map((mutant): [string, CheckResult] => [
      mutant.id,
      isChosen(mutant, this.#chosen) ? { status: "passed" } : { status: "compileError", reason: "not chosen" },
    ]);
    return Object.fromEntries(results);
  }
}

export const strykerPlugins = [{ kind: "Checker", name: "sample", injectableClass: SampleChecker }];
