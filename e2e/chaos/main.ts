import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { watchForInterruption } from "../testkit/interruption.ts";
import { type CampaignListener, drawn, type NamedSchedule, runCampaign } from "./campaign.ts";
import { type ChaosOptions, parseOptions } from "./options.ts";
import { readRegression, readRegressions } from "./regressions.ts";
import { renderLine, renderSummary, summarize } from "./report.ts";

/** `npm run test:chaos`. */

const EXIT = { passed: 0, failed: 1, interrupted: 130 } as const;

const signal = watchForInterruption();
process.exitCode = await main(parseOptions(process.argv.slice(2)));

async function main(options: ChaosOptions): Promise<number> {
  const schedules = schedulesOf(options);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  let done = 0;
  const listener: CampaignListener = {
    started: () => undefined,
    ended: (result) => say(`${String(++done).padStart(4)}/${schedules.length} ${renderLine(result)}`),
    shrinking: (name, faults, tasks, left) =>
      say(`     shrinking ${name}: ${faults} faults, ${tasks} tasks, ${left} runs left`),
  };
  try {
    const { jobs, stretch, shrinkRuns, folder } = options;
    const budgetMs = options.budgetSeconds * 1_000;
    const results = await runCampaign(schedules, { jobs, stretch, shrinkRuns, folder, budgetMs, signal }, listener);
    const summary = summarize(results);
    say(`\n${renderSummary(summary)}`);
    if (results.length < schedules.length) say(`The time was over: ${schedules.length - results.length} were not run.`);
    if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify(summary, undefined, 2)}\n`);
    return summary.failed.length === 0 ? EXIT.passed : EXIT.failed;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

/** What failed once comes first. */
function schedulesOf({ replay, regressions, seed, runs }: ChaosOptions): NamedSchedule[] {
  if (replay !== undefined) return [{ name: basename(replay, ".json"), schedule: readRegression(replay).schedule }];
  const kept = regressions ? [...readRegressions()].map(([name, { schedule }]) => ({ name, schedule })) : [];
  return [...kept, ...drawn(seed, runs)];
}
