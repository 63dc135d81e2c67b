import { availableParallelism, cpus } from "node:os";
import { DRILL_FACTOR } from "@mcp-orchestrator/alerts";
import type { Runtime } from "../testkit/servers/runtime.ts";
import { type DrillStack, startDrillStack } from "./drillStack.ts";
import type { Script } from "./episodes/episode.ts";
import { type EpisodeResult, runEpisode } from "./episodeRun.ts";
import { runPool } from "./pool.ts";
import { SCENARIOS } from "./episodes/scenarios.ts";
import type { Phase } from "./judge/timeline.ts";

/** Who is told how a drill goes on. */
export type DrillListener = {
  starting(script: Script): void;
  phase(script: Script, phase: Phase): void;
  done(result: EpisodeResult): void;
  /** After an episode, while its stack still runs. */
  after?(drill: DrillStack, script: Script, result: EpisodeResult): Promise<void>;
};

/** A stack that has the machine for itself keeps up with twice the speed. */
export const FACTOR_ALONE = 120;

/**
 * By what a drill divides durations. Recordings are all of one scale.
 *
 * @param only what was asked for
 */
export function defaultFactor({ only, record }: { only: readonly string[]; record: boolean }): number {
  const oneAlert = SCENARIOS.some(
    ({ alert, id }) => only.length > 0 && only.every((name) => [alert, id].includes(name)),
  );
  return oneAlert && !record ? FACTOR_ALONE : DRILL_FACTOR;
}

/**
 * How many stacks this machine carries side by side. A stack is eight processes: at the scale of seconds they keep a fifth
 * of a core busy with scrapes, evaluations and load alone, and what one does must not be the other's slow express task;
 * at production timing they hardly do anything.
 */
export function defaultJobs(factor: number): number {
  const perCore = factor > 10 ? 2 : 6;
  return Math.floor(perCore * availableParallelism());
}

/** Cores that a stack which starts keeps busy until it is warm: its processes would make everybody else slow. */
const CORES_PER_START = 2;

/** One core each will do for the few that disturb no other. */
function startsAtATime(jobs: number): number {
  const cores = availableParallelism();
  return jobs <= cores ? jobs : Math.max(1, Math.floor(cores / CORES_PER_START));
}

/** What a report says about the machine. */
export function machineText(): string {
  const [cpu] = cpus();
  return `${availableParallelism()} cores (${cpu?.model.trim() ?? "unknown"}), Node.js ${process.version}`;
}

export type DrillSettings = {
  readonly runtime: Runtime;
  readonly jobs: number;
  readonly signal: AbortSignal;
};

/** Runs scripts on stacks of their own; results in the order of the scripts. */
export function runDrill(
  scripts: readonly Script[],
  { runtime, jobs, signal }: DrillSettings,
  listener: DrillListener,
): Promise<EpisodeResult[]> {
  return runPool(scripts, {
    jobs,
    startsAtATime: startsAtATime(jobs),
    signal,
    startStack: async ({ first, kind: { replicas } }, warm) => {
      // It may have waited for its turn.
      signal.throwIfAborted();
      listener.starting(first);
      return startDrillStack({ name: `drill-${first.id}`, profile: first.profile, replicas, runtime, onWarm: warm });
    },
    run: async (drill, script) => {
      const result = await runEpisode(drill, script, { signal, onPhase: (phase) => listener.phase(script, phase) });
      await listener.after?.(drill, script, result);
      return result;
    },
    onResult: (result) => listener.done(result),
  });
}
