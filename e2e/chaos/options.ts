import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { Command, InvalidArgumentError } from "commander";

/** Options of `npm run test:chaos`. */
export type ChaosOptions = {
  readonly runs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly stretch: number;
  readonly budgetSeconds: number;
  readonly shrinkRuns: number;
  readonly regressions: boolean;
  readonly replay?: string;
  readonly folder: string;
  readonly report?: string;
};

/** A schedule keeps a core busy for about half of its time. */
const MOST_JOBS = 16;
const MOST_STRETCH = 20;

/** Reads the command line. @param argv arguments without the program's own */
export function parseOptions(argv: readonly string[]): ChaosOptions {
  return new Command("chaos")
    .description(
      "Runs two replicas of the real service under random faults, and judges from outside that every accepted task\n" +
        "ends once, that no correct task dies, and that both replicas recover by themselves. The same seed draws the same schedule.",
    )
    .option("--runs <count>", "schedules to draw", wholeNumber(0, 1_000_000), 20)
    .option("--seed <number>", "seed of the first schedule; the next ones follow", wholeNumber(0, 2 ** 31), 1)
    .option("--jobs <count>", "schedules side by side", wholeNumber(1, MOST_JOBS), availableParallelism())
    .option("--stretch <factor>", "multiply all times, for a machine that is busy with other things", factor, 1)
    .option("--budget-seconds <count>", "start nothing more after this time", wholeNumber(1, 1_000_000), 86_400)
    .option(
      "--shrink-runs <count>",
      "most runs to shrink a failing schedule; 0 keeps it whole",
      wholeNumber(0, 1_000),
      12,
    )
    .option("--no-regressions", "leave out the schedules that failed once and are kept")
    .option("--replay <file>", "run the schedule of a file, and nothing else")
    .option(
      "--folder <path>",
      "folder of failing schedules and logs",
      relative(process.cwd(), join(import.meta.dirname, "../report/logs/chaos")),
    )
    .option("--report <file>", "write the figures as JSON")
    .addHelpText("after", "\nExit status: 0 all passed, 1 something failed, 2 a wrong argument, 130 interrupted.")
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    })
    .parse(argv, { from: "user" })
    .opts<ChaosOptions>();
}

function factor(value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number >= 1 && number <= MOST_STRETCH) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MOST_STRETCH}.`);
}

function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
