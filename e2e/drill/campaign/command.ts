import { basename } from "node:path";
import { readRegression, readRegressions } from "../../testkit/regressions.ts";
import type { Runtime } from "../../testkit/servers/runtime.ts";
import { profileOf } from "../judge/prediction.ts";
import type { DrillOptions } from "../options.ts";
import { alone, drawn, REGRESSIONS, runCampaign } from "./campaign.ts";
import { keepMeasured } from "./measured.ts";
import { type CampaignSummary, renderLine, renderSummary, summarize } from "./report.ts";
import type { NamedSchedule } from "./run.ts";
import { describeSchedule, type Schedule } from "./schedule.ts";

/** What the command prints and returns. */
export type CampaignReport = CampaignSummary & { readonly passed: boolean; readonly runtime: Runtime["name"] };

const MINUTE_MS = 60_000;

/** Where schedules run, and until when. */
type CampaignSettings = { readonly runtime: Runtime; readonly jobs: number; readonly signal: AbortSignal };

/** Runs schedules of faults and prints what was found. */
export async function runSchedules(
  schedules: readonly NamedSchedule[],
  { minutes, shrinkRuns, folder, scale, record }: DrillOptions,
  { runtime, jobs, signal }: CampaignSettings,
): Promise<CampaignReport> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const options = {
    runtime,
    jobs,
    signal,
    shrinkRuns,
    folder,
    profile: profileOf(scale),
    budgetMs: minutes * MINUTE_MS,
  };
  say(`${schedules.length} schedules on ${Math.min(jobs, schedules.length)} stacks`);
  let done = 0;
  const result = await runCampaign(schedules, options, {
    starting: ({ name, schedule }) => say(`     ${name} starts: ${describeSchedule(schedule)}`),
    ended: (one) => say(`${String(++done).padStart(4)}/${schedules.length} ${renderLine(one)}`),
    shrinking: (name, faults, left) => say(`     shrinking ${name}: ${faults} faults, ${left} runs left`),
  });
  if (record) keepMeasured(result.results);
  const summary = summarize(result);
  say(`\n${renderSummary(summary)}`);
  const left = schedules.length - result.results.length;
  if (left > 0) say(`${signal.aborted ? "Interrupted" : "The time is up"}: ${left} were not run.`);
  const passed = summary.failed.length === 0 && summary.notRun === 0;
  return { ...summary, passed, runtime: runtime.name };
}

/**
 * The schedules of `--replay`, `--matrix` or `--random`, of which those that failed before come first.
 *
 * @param modes the faults of `--matrix`
 */
export function schedulesOf(
  { random: count = 0, seed, replay, matrix }: DrillOptions,
  modes: readonly string[],
): NamedSchedule[] {
  if (matrix) return alone(modes);
  if (replay !== undefined) {
    return [{ name: basename(replay, ".json"), schedule: readRegression<Schedule>(replay).schedule }];
  }
  const kept = [...readRegressions<Schedule>(REGRESSIONS)].map(([name, { schedule }]) => ({ name, schedule }));
  return [...kept, ...drawn(seed, count)];
}
