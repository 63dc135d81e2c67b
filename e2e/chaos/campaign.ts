import { join } from "node:path";
import pLimit from "p-limit";
import { keepRegression } from "../testkit/regressions.ts";
import { shrinkList } from "../testkit/shrinkList.ts";
import { drawSchedule } from "./draw.ts";
import type { Violation } from "./oracle.ts";
import { type RunResult, runOn, runSchedule } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { SystemPool } from "./system/systemPool.ts";

export type CampaignOptions = {
  readonly jobs: number;
  /** Factor of all times of a run. */
  readonly stretch: number;
  /** No run starts after this time. */
  readonly budgetMs: number;
  /** Most runs for shrinking one failure; 0 does not shrink. */
  readonly shrinkRuns: number;
  /** Folder of the logs of failing runs and the shrunk schedules. */
  readonly folder: string;
  readonly signal: AbortSignal;
};

/** The outcome of one schedule of a campaign. */
export type CampaignResult = {
  readonly name: string;
  readonly result: RunResult;
  /** Path of the shrunk schedule, for a failure. */
  readonly kept?: string;
};

export type CampaignListener = {
  ended(result: CampaignResult): void;
  shrinking(name: string, faults: number, tasks: number, runsLeft: number): void;
};

export type NamedSchedule = { readonly name: string; readonly schedule: Schedule };

/** Schedules that are sorted by kind together, so that they share systems. */
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

/**
 * Runs schedules, several at a time, and shrinks those that fail.
 *
 * @returns results in the order of the schedules, without those that were not run
 */
export async function runCampaign(
  schedules: readonly NamedSchedule[],
  options: CampaignOptions,
  listener: CampaignListener,
): Promise<CampaignResult[]> {
  const deadlineMs = performance.now() + options.budgetMs;
  const over = () => options.signal.aborted || performance.now() > deadlineMs;
  await using pool = new SystemPool(options.stretch, join(options.folder, "logs"), options.signal);
  const limit = pLimit(options.jobs);
  const one = async ({ name, schedule }: NamedSchedule): Promise<CampaignResult[]> => {
    if (over()) return [];
    const result = await attempt(schedule, options.signal, () => runPooled(schedule, options, pool));
    const { violations } = result;
    const shrinks = violations.some(({ kind }) => kind !== "notRun");
    const kept = shrinks ? await shrinkAndKeep(name, result, options, over, listener) : undefined;
    const outcome = { name, result, ...(kept === undefined ? {} : { kept }) };
    listener.ended(outcome);
    return [outcome];
  };
  // Each of them disposes of its system before the pool does.
  const outcomes = await Promise.allSettled(schedules.map((schedule) => limit(one, schedule)));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === "fulfilled") return outcome.value;
    if (options.signal.aborted) return [];
    throw outcome.reason;
  });
}

/** Runs a schedule. An error of the run itself is reported, and the campaign continues. */
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

/** Runs a schedule on a system of the pool, which is returned to it unless it broke a promise. */
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

/** Leaves out faults and then tasks that the failure does not need. */
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
  const keep = () => keepRegression(smallest, found, join(options.folder, "failing"));
  try {
    await shrinkList(schedule.faults, (faults) => fails({ ...smallest, faults }), budget);
    await shrinkList(schedule.tasks, (tasks) => fails({ ...smallest, tasks }), budget);
  } catch (error) {
    keep();
    throw error;
  }
  return keep();
}

/** A smaller schedule shows the same failure if it breaks one of the same promises. */
function sameFailure(of: readonly Violation[], candidate: readonly Violation[]): boolean {
  const kinds = new Set(of.map(({ kind }) => kind));
  return candidate.some(({ kind }) => kind !== "notRun" && kinds.has(kind));
}
