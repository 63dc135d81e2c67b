import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { AREAS } from "./areas.ts";

/** What `npm run mutants:service` is asked for. */
export type ServiceMutantsOptions = {
  /** Areas to be tried. */
  readonly only: readonly string[];
  /** After this many minutes no other mutant is begun. */
  readonly minutes: number;
  /** Mutants that are tried at the same time. */
  readonly lanes: number;
  /** Least share of killed mutants, in percent, over what was tried; below it the run fails. */
  readonly least: number;
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
        "tests to notice it. Writes docs/mutants-service.md and docs/mutants-service.json; areas that are not tried keep\n" +
        "what is known of them. For a nightly run.",
    )
    .addOption(new Option("--only <areas...>", "areas to try").choices(AREAS).default(AREAS, "all"))
    .option("--minutes <n>", "time budget: what is left over is reported as not tried", numberFrom(1), 180)
    .option("--lanes <n>", "mutants that are tried at the same time", numberFrom(1), availableParallelism())
    .option("--least <percent>", "fail where fewer mutants are killed", numberFrom(0), 90)
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
