import { Command, Option } from "commander";

/** Areas of mutants beside the alerts, each of which is an area of its own. */
export const OTHER_AREAS = ["routes", "inhibitions"] as const;

/** What `npm run mutants` was asked for. */
export type MutantsOptions = {
  /** Compares the report with what is committed, instead of writing it. */
  readonly check: boolean;
  /** Alerts and other areas to be tried; absent, all are, and only then is there a report. */
  readonly only?: readonly string[];
};

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
        "to notice each of them. Writes docs/mutants.md, docs/mutants.json and the score in README.md.",
    )
    .option("--check", "write nothing; fail where the committed report is not what this run found", false)
    .addOption(new Option("--only <areas...>", "try some areas, and write no report").choices(areas))
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
