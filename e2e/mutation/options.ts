import { Command, InvalidArgumentError, Option } from "commander";

/** Areas of mutants besides the alerts, which are an area each. */
export const OTHER_AREAS = ["routes", "inhibitions"] as const;

/** Options of `npm run mutants`. */
export type MutantsOptions = {
  /** Compares the report with the committed one instead of writing it. */
  readonly check: boolean;
  /** Tries the alerts on error budgets, whose samples span days, instead of all others. */
  readonly budgets: boolean;
  /** Alerts and other areas to try. If absent, all are tried and the report is written. */
  readonly only?: readonly string[];
  /** Random sets of series on which each mutant that is argued equivalent is compared with its original. */
  readonly search: number;
};

/** What the report is about. */
const SETS = 10;

/**
 * Reads the command line; a wrong argument ends the process with 2.
 *
 * @param argv arguments without the program's own
 * @param areas what `--only` can name
 */
export function parseOptions(argv: readonly string[], areas: readonly string[]): MutantsOptions {
  return new Command("mutants")
    .description(
      "Tries every single mistake it can think of in the rules, the routes and the inhibitions, and expects the tests\n" +
        "to notice each of them. Writes docs/reference/mutants.md, docs/reference/mutants.json and the score in README.md.",
    )
    .option("--check", "write nothing; fail where the committed report is not what this run found", false)
    .option("--budgets", "try the alerts on error budgets instead, and write docs/reference/mutants-budgets.md", false)
    .addOption(new Option("--only <areas...>", "try some areas, and write no report").choices(areas))
    .addOption(
      new Option(
        "--search <sets>",
        "random sets of series on which each equivalent mutant of a rule must equal its original",
      )
        .argParser(wholeNumber)
        .default(SETS),
    )
    .addHelpText(
      "after",
      "\nExample:\n  npm run mutants -- --only QueueDepthSpike routes" +
        "\n\nExit status: 0 all killed, 1 a mutant survived or the report is out of date, 2 a wrong argument.",
    )
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    })
    .parse(argv, { from: "user" })
    .opts<MutantsOptions>();
}

function wholeNumber(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a whole number from 1.");
}
