import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { AREAS } from "./areas.ts";

/** Options of `npm run mutants:service`. */
export type ServiceMutantsOptions = {
  /** Areas to try. */
  readonly only: readonly string[];
  /** No area, and no mutant of a script, is begun after this many minutes. Stryker cannot be stopped within a folder. */
  readonly minutes: number;
  /** Mutants at a time. */
  readonly lanes: number;
  /** The run fails below this share of killed mutants, in percent. */
  readonly least: number;
  /** Share of each area's mutants that is tried, from 0 to 1. */
  readonly share: number;
  /** Another seed draws other mutants. */
  readonly seed: number;
  /** Tries again only what survived the last time. */
  readonly survivors: boolean;
};

/**
 * Reads the command line; a wrong argument ends the process with 2.
 *
 * @param argv arguments without the program's own
 */
export function parseOptions(argv: readonly string[]): ServiceMutantsOptions {
  return new Command("mutants:service")
    .description(
      "Makes every single mistake that it knows in the service's Lua scripts and TypeScript, one at a time, and expects the\n" +
        "tests to notice it. Writes docs/reference/mutants-service.md and docs/reference/mutants-service.json; areas that are not tried keep\n" +
        "what is known of them. For a nightly run.",
    )
    .addOption(new Option("--only <areas...>", "areas to try").choices(AREAS).default(AREAS, "all"))
    .option(
      "--minutes <n>",
      "time budget: no area and no mutant of a script begins later; a folder is finished",
      numberFrom(1),
      180,
    )
    .option("--lanes <n>", "mutants that are tried at the same time", numberFrom(1), availableParallelism())
    .option("--least <percent>", "fail where fewer mutants are killed", numberFrom(0), 90)
    .option("--share <part>", "try a random part of each area, from 0 to 1", numberFrom(0), 1)
    .option("--survivors", "try again only what survived: for when only tests have changed", false)
    .option("--seed <n>", "another seed draws another part", numberFrom(0), 1)
    .addHelpText(
      "after",
      "\nExample:\n  npm run mutants:service -- --only lua/complete metrics --minutes 20" +
        "\n\nExit status: 0 enough were killed, 1 too few were, 2 a wrong argument.",
    )
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    })
    .parse(argv, { from: "user" })
    .opts<ServiceMutantsOptions>();
}

function numberFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < least) throw new InvalidArgumentError(`It must be a number from ${least}.`);
    return value;
  };
}
