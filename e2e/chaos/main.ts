import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { watchForInterruption } from "../testkit/interruption.ts";
import { readRegression, readRegressions } from "../testkit/regressions.ts";
import { type CampaignListener, drawn, type NamedSchedule, runCampaign } from "./campaign.ts";
import { type ChaosOptions, parseOptions } from "./options.ts";
import { renderLine, renderSummary, summarize } from "./report.ts";
import type { Schedule } from "./schedule.ts";

/** `npm run test:chaos`. */

/** Schedules that failed once. */
const REGRESSIONS = join(import.meta.dirname, "regressions");

const EXIT = { passed: 0, failed: 1, interrupted: 130 } as const;

const signal = watchForInterruption();
process.exitCode = await main(parseOptions(process.argv.slice(2)));

async function main(options: ChaosOptions): Promise<number> {
  const schedules = schedulesOf(options);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  let done = 0;
  const listener: CampaignListener = {
    ended: (result) => say(`${String(++done).padStart(4)}/${schedules.length} ${renderLine(result)}`),
    shrinking: (name, faults, tasks, left) =>
      say(`     shrinking ${name}: ${faults} faults, ${tasks} tasks, ${left} runs left`),
  };
  const { jobs, stretch, shrinkRuns, folder } = options;
  const budgetMs = options.budgetSeconds * 1_000;
  const results = await runCampaign(schedules, { jobs, stretch, shrinkRuns, folder, budgetMs, signal }, listener);
  const summary = summarize(results);
  say(`\n${renderSummary(summary)}`);
  const left = schedules.length - results.length;
  if (left > 0) say(`${signal.aborted ? "Interrupted" : "The time is up"}: ${left} were not run.`);
  if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify(summary, undefined, 2)}\n`);
  if (signal.aborted) return EXIT.interrupted;
  return summary.failed.length === 0 ? EXIT.passed : EXIT.failed;
}

/** Schedules that failed before come first. */
function schedulesOf({ replay, regressions, seed, runs }: ChaosOptions): NamedSchedule[] {
  if (replay !== undefined)
    return [{ name: basename(replay, ".json"), schedule: readRegression<Schedule>(replay).schedule }];
  const kept = regressions
    ? [...readRegressions<Schedule>(REGRESSIONS)].map(([name, { schedule }]) => ({ name, schedule }))
    : [];
  return [...kept, ...drawn(seed, runs)];
}
