import { join } from "node:path";
import { limited } from "../testkit/limited.ts";
import { drawSchedule } from "./draw.ts";
import type { Violation } from "./oracle.ts";
import { keepRegression } from "./regressions.ts";
import { type RunResult, runOn, runSchedule } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { shrinkList } from "./shrink.ts";
import { SystemPool } from "./system/systemPool.ts";

export type CampaignOptions = {
  readonly jobs: number;
  /** Factor of all times of a run. */
  readonly stretch: number;
  /** Nothing is started after this time. */
  readonly budgetMs: number;
  /** Most runs that shrinking one failure may take; 0 does not shrink. */
  readonly shrinkRuns: number;
  /** Where the logs of failing runs and the shrunk schedules go. */
  readonly folder: string;
  readonly signal: AbortSignal;
};

/** What is known of one schedule of a campaign. */
export type CampaignResult = {
  readonly name: string;
  readonly result: RunResult;
  /** Path of the shrunk schedule, for a failure. */
  readonly kept?: string;
};

export type CampaignListener = {
  started(name: string): void;
  ended(result: CampaignResult): void;
  shrinking(name: string, faults: number, tasks: number, runsLeft: number): void;
};

export type NamedSchedule = { readonly name: string; readonly schedule: Schedule };

/** Schedules of the same kind within so many come one after the other: they share systems. */
const GROUP = 24;

/** The schedules of a range of seeds. */
export function drawn(firstSeed: number, count: number): NamedSchedule[] {
  const schedules = Array.from({ length: count }, (_, at) => {
    const seed = firstSeed + at;
    return { name: `seed ${seed}`, schedule: drawSchedule(seed) };
  });
  const kind = ({ topology, named }: Schedule) => `${topology} ${named}`;
  const groups = Object.values(
    Object.groupBy(schedules, ({ schedule: { seed } }) => Math.floor((seed - firstSeed) / GROUP)),
  );
  return groups.flatMap((group = []) =>
    group.toSorted((one, other) => kind(one.schedule).localeCompare(kind(other.schedule))),
  );
}

/** Runs schedules, several at a time, and shrinks those that fail. @returns results in the order of the schedules */
export async function runCampaign(
  schedules: readonly NamedSchedule[],
  options: CampaignOptions,
  listener: CampaignListener,
): Promise<CampaignResult[]> {
  const deadlineMs = performance.now() + options.budgetMs;
  const over = () => options.signal.aborted || performance.now() > deadlineMs;
  await using pool = new SystemPool(options.stretch, join(options.folder, "logs"));
  const one = limited(options.jobs, async ({ name, schedule }: NamedSchedule): Promise<CampaignResult[]> => {
    if (over()) return [];
    listener.started(name);
    const result = await attempt(schedule, options.signal, () => runPooled(schedule, options, pool));
    const { violations } = result;
    const shrinks = violations.some(({ kind }) => kind !== "notRun");
    const kept = shrinks ? await shrinkAndKeep(name, result, options, over, listener) : undefined;
    const outcome = { name, result, ...(kept === undefined ? {} : { kept }) };
    listener.ended(outcome);
    return [outcome];
  });
  const results = await Promise.all(schedules.map(one));
  options.signal.throwIfAborted();
  return results.flat();
}

/** Runs a schedule; what goes wrong with the run itself is reported, and the campaign goes on. */
async function attempt(schedule: Schedule, signal: AbortSignal, run: () => Promise<RunResult>): Promise<RunResult> {
  try {
    return await run();
  } catch (error) {
    signal.throwIfAborted();
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const violations: Violation[] = [{ kind: "notRun", detail }];
    return {
      schedule,
      violations,
      missedFaults: [],
      accepted: 0,
      executions: 0,
      drainedAfterMs: undefined,
      durationMs: 0,
      logs: "",
    };
  }
}

/** Runs a schedule on a system of the pool, which gets it back unless a promise was broken on it. */
async function runPooled(schedule: Schedule, options: CampaignOptions, pool: SystemPool): Promise<RunResult> {
  const system = await pool.take(schedule);
  let reusable = false;
  try {
    const result = await runOn(system, schedule, options);
    reusable = result.violations.length === 0;
    return result;
  } finally {
    if (reusable) pool.give(system);
    else await system[Symbol.asyncDispose]();
  }
}

/** Leaves out faults, and then tasks, that a failure does not need. */
async function shrinkAndKeep(
  name: string,
  { schedule, violations }: RunResult,
  options: CampaignOptions,
  over: () => boolean,
  listener: CampaignListener,
): Promise<string> {
  let smallest = schedule;
  let found = violations;
  const budget = { left: options.shrinkRuns };
  const fails = async (candidate: Schedule): Promise<boolean> => {
    if (over()) {
      budget.left = 0;
      return false;
    }
    listener.shrinking(name, candidate.faults.length, candidate.tasks.length, budget.left);
    const logs = join(options.folder, "logs", `${name.replaceAll(" ", "-")}-shrinking`);
    const result = await attempt(candidate, options.signal, () => runSchedule(candidate, { ...options, logs }));
    if (!sameFailure(violations, result.violations)) return false;
    smallest = candidate;
    found = result.violations;
    return true;
  };
  await shrinkList(schedule.faults, (faults) => fails({ ...smallest, faults }), budget);
  await shrinkList(schedule.tasks, (tasks) => fails({ ...smallest, tasks }), budget);
  return keepRegression(smallest, found, join(options.folder, "failing"));
}

/** A smaller schedule shows the same failure when it breaks one of the promises that the whole one broke. */
function sameFailure(of: readonly Violation[], candidate: readonly Violation[]): boolean {
  const kinds = new Set(of.map(({ kind }) => kind));
  return candidate.some(({ kind }) => kind !== "notRun" && kinds.has(kind));
}
