import { join } from "node:path";
import type { TimingProfile } from "@mcp-orchestrator/alerts";
import { keepRegression } from "../../testkit/regressions.ts";
import type { Runtime } from "../../testkit/servers/runtime.ts";
import { runPool } from "../pool.ts";
import type { Schedulable } from "../schedule.ts";
import { type CampaignStack, startCampaignStack } from "./campaignStack.ts";
import { drawSchedule, holdAlone } from "./draw.ts";
import { type NamedSchedule, runSchedule, type ScheduleResult } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { shrink } from "./shrink.ts";

export type CampaignOptions = {
  readonly runtime: Runtime;
  readonly profile: TimingProfile;
  /** Stacks side by side. */
  readonly jobs: number;
  /** No schedule starts after this time. */
  readonly budgetMs: number;
  /** Most runs for shrinking one failure; 0 neither shrinks nor keeps it. */
  readonly shrinkRuns: number;
  /** Folder of the shrunk schedules. */
  readonly folder: string;
  readonly signal: AbortSignal;
};

export type CampaignListener = {
  /** Its stack runs. */
  starting(schedule: NamedSchedule): void;
  ended(result: ScheduleResult): void;
  shrinking(name: string, faults: number, runsLeft: number): void;
};

/** The outcome of a campaign, with the files of the shrunk schedules by the name of their schedule. */
export type CampaignResult = {
  readonly results: readonly ScheduleResult[];
  readonly kept: Readonly<Record<string, string>>;
};

/** Stacks that may start at the same time. A start is not judged, but slows down the other stacks. */
const STARTS_AT_A_TIME = 2;
const SILENT = { starting: () => {}, ended: () => {} };

/** The schedules of a range of seeds. */
export function drawn(firstSeed: number, count: number): NamedSchedule[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `seed ${firstSeed + at}`,
    schedule: drawSchedule(firstSeed + at),
  }));
}

/** Each fault alone. */
export function alone(faults: readonly string[]): NamedSchedule[] {
  return faults.map((fault) => ({ name: fault, schedule: holdAlone(fault) }));
}

/** Runs schedules on stacks side by side, and then shrinks those that fail. */
export async function runCampaign(
  schedules: readonly NamedSchedule[],
  options: CampaignOptions,
  listener: CampaignListener,
): Promise<CampaignResult> {
  const deadline = AbortSignal.timeout(options.budgetMs);
  const results = await runAll(schedules, options, deadline, listener);
  const kept: Record<string, string> = {};
  const failed = options.shrinkRuns === 0 ? [] : results.filter(({ passed }) => !passed);
  for (const { name, schedule, findings } of failed) {
    if (!findings.some(({ kind }) => kind !== "notRun")) continue;
    const run = async (smaller: Schedule, runsLeft: number) => {
      if (options.signal.aborted || deadline.aborted) return undefined;
      listener.shrinking(name, smaller.faults.length, runsLeft);
      const named = { name: `${name} shrinking`, schedule: smaller };
      const [result] = await runAll([named], { ...options, jobs: 1 }, deadline, SILENT);
      return result?.findings;
    };
    kept[name] = keepRegression(await shrink(schedule, findings, run, options.shrinkRuns), findings, options.folder);
  }
  return { results, kept };
}

async function runAll(
  schedules: readonly NamedSchedule[],
  { runtime, profile, jobs, signal }: CampaignOptions,
  deadline: AbortSignal,
  { starting, ended }: Pick<CampaignListener, "starting" | "ended">,
): Promise<ScheduleResult[]> {
  const notRun = ({ name, schedule }: NamedSchedule, error: unknown, durationMs: number): ScheduleResult => {
    const detail = error instanceof Error ? error.message : String(error);
    const findings = [{ kind: "notRun", detail }] as const;
    const nothing = { hurts: [], notifications: 0, falseNotifications: 0, missedFaults: [], notified: {}, tasks: 0 };
    return { name, schedule, findings, passed: false, durationMs, ...nothing };
  };
  const results = await runPool<NamedSchedule & Schedulable, ScheduleResult, CampaignStack>(
    schedules.map((one) => schedulable(one, profile)),
    {
      jobs,
      startsAtATime: STARTS_AT_A_TIME,
      signal: AbortSignal.any([signal, deadline]),
      startStack: ({ first, kind: { replicas } }, onWarm) =>
        startCampaignStack({ name: `campaign-${first.name}`, profile, replicas, runtime, onWarm }),
      run: (stack, one) => {
        const begunAtMs = Date.now();
        starting(one);
        return runSchedule(stack, one, signal).catch((error: unknown) => notRun(one, error, Date.now() - begunAtMs));
      },
      notStarted: notRun,
      onResult: (result) => {
        if (!signal.aborted) ended(result);
      },
    },
  );
  // What was interrupted was not judged.
  return signal.aborted ? results.filter(({ findings }) => findings[0]?.kind !== "notRun") : results;
}

function schedulable(named: NamedSchedule, profile: TimingProfile): NamedSchedule & Schedulable {
  const { shape, replicas } = named.schedule;
  const isBaseline = shape === "none";
  // Baselines come first, on stacks that have no past; everything else in the order of the seeds.
  return {
    ...named,
    ...{ profile, replicas },
    kind: isBaseline ? "baseline" : "fault",
    expectedMs: isBaseline ? 2 : 1,
  };
}

/** Schedules that failed once. */
export const REGRESSIONS = join(import.meta.dirname, "regressions");
