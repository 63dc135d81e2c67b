import { join, relative } from "node:path";
import { DRILL_FACTOR } from "@mcp-orchestrator/alerts";
import { Command, InvalidArgumentError, Option } from "commander";
import { defaultFactor, FACTOR_ALONE } from "./scale.ts";

/** What `npm run drill` was asked for. */
export type DrillOptions = {
  readonly only: readonly string[];
  readonly scale: number;
  readonly runtime?: "docker" | "native";
  readonly jobs?: number;
  readonly json: string;
  readonly markdown: string;
  readonly svg: string;
  readonly record: boolean;
  readonly list: boolean;
  /** Schedules of random faults to draw, in place of episodes. */
  readonly random?: number;
  /** Seed of the first of them. */
  readonly seed: number;
  /** Each fault of the failure modes that no episode has, alone, in place of episodes. */
  readonly matrix: boolean;
  /** File of a kept schedule to run alone. */
  readonly replay?: string;
  /** No schedule starts after this time. */
  readonly minutes: number;
  /** Most runs to shrink one failing schedule. */
  readonly shrinkRuns: number;
  /** Folder of the shrunk schedules. */
  readonly folder: string;
};

const MOST_JOBS = 32;
const DAY_MINUTES = 24 * 60;
const MOST_RUNS = 1_000_000;
const report = (file: string) => relative(process.cwd(), join(import.meta.dirname, "../report", file));

/**
 * Reads the command line.
 *
 * @param argv arguments without the program's own
 */
export function parseOptions(argv: readonly string[]): DrillOptions {
  const command = new Command("drill")
    .description(
      "Injects a real fault for every alert into a real stack, follows each page to its receiver, removes the fault and\n" +
        "watches it resolve; and checks that no other alert fires, and none without a fault.",
    )
    .option("--only <names>", "alerts, ids of --list, or faults, baselines, telemetry; separated by commas", listOf, [])
    .option(
      "--scale <factor>",
      `divide every duration by this; 1 runs the rules exactly as shipped (default: ${DRILL_FACTOR}, or ${FACTOR_ALONE} for a single alert)`,
      factorOf,
    )
    .addOption(
      new Option("--runtime <kind>", "how Redis, Prometheus and Alertmanager run").choices(["docker", "native"]),
    )
    .option(
      "--jobs <count>",
      "stacks side by side; by default as many as the machine carries",
      wholeNumber(1, MOST_JOBS),
    )
    .option("--json <file>", "where the report goes as JSON", report("drill.json"))
    .option("--markdown <file>", "where it goes as Markdown", report("drill.md"))
    .option("--svg <file>", "where the timelines go as a picture", report("drill.svg"))
    .option(
      "--record",
      "keep what Prometheus scraped, for replay against the production rules; with --random or --matrix what single faults showed",
      false,
    )
    .option("--list", "list everything that can be drilled, and end", false)
    .addOption(
      new Option("--random <count>", "draw schedules of random faults, and judge them by what clients see").argParser(
        wholeNumber(0, MOST_RUNS),
      ),
    )
    .option("--seed <number>", "seed of the first schedule; the next ones follow", wholeNumber(0, 2 ** 31), 1)
    .addOption(new Option("--replay <file>", "run the schedule of a file, and nothing else").conflicts("random"))
    .addOption(
      new Option("--matrix", "hold each of the other failure modes alone for half an hour, judged by what clients see")
        .default(false)
        .conflicts(["random", "replay"]),
    )
    .option("--minutes <count>", "start no schedule after this time", wholeNumber(1, MOST_RUNS), DAY_MINUTES)
    .option(
      "--shrink-runs <count>",
      "most runs to shrink and keep a failing schedule; 0 does neither",
      wholeNumber(0, 1_000),
      4,
    )
    .option("--folder <path>", "folder of the shrunk schedules", report("logs/random"))
    .addHelpText("after", "\nExit status: 0 all passed, 1 something failed, 2 a wrong argument, 130 interrupted.")
    .configureOutput({ outputError: (text, write) => write(text) })
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
  const options = command.parse(argv, { from: "user" }).opts<Omit<DrillOptions, "scale"> & { scale?: number }>();
  return { ...options, scale: options.scale ?? defaultFactor(options) };
}

function listOf(value: string, previous: readonly string[]): string[] {
  return [...previous, ...value.split(",").map((name) => name.trim())].filter((name) => name !== "");
}

function factorOf(value: string): number {
  const factor = Number(value);
  if (Number.isFinite(factor) && factor >= 1 && factor <= FACTOR_ALONE) return factor;
  throw new InvalidArgumentError(`It must be a number from 1 to ${FACTOR_ALONE}.`);
}

function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
