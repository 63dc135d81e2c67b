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
};

const MOST_JOBS = 32;
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
        "watches it resolve; and makes sure that nothing else fires, nor anything when all is well.",
    )
    .option("--only <names>", "alerts, ids of --list, or faults, controls, telemetry; separated by commas", listOf, [])
    .option(
      "--scale <factor>",
      `divide every duration by this; 1 runs the rules exactly as shipped (default: ${DRILL_FACTOR}, or ${FACTOR_ALONE} for one alert alone)`,
      factorOf,
    )
    .addOption(
      new Option("--runtime <kind>", "how Redis, Prometheus and Alertmanager run").choices(["docker", "native"]),
    )
    .option("--jobs <count>", "stacks side by side; by default as many as the machine carries", jobsOf)
    .option("--json <file>", "where the report goes as JSON", report("drill.json"))
    .option("--markdown <file>", "where it goes as Markdown", report("drill.md"))
    .option("--svg <file>", "where the timelines go as a picture", report("drill.svg"))
    .option("--record", "keep what Prometheus scraped, for replay against the production rules", false)
    .option("--list", "list everything that can be drilled, and end", false)
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

function jobsOf(value: string): number {
  const jobs = Number(value);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= MOST_JOBS) return jobs;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_JOBS}.`);
}
