import { availableParallelism, cpus } from "node:os";
import type { Runtime } from "../testkit/servers/runtime.ts";
import { type DrillStack, startDrillStack } from "./drillStack.ts";
import { type EpisodeResult, runEpisode } from "./episodeRun.ts";
import type { Episode } from "./episodes/episode.ts";
import type { Phase } from "./judge/timeline.ts";
import { runPool } from "./pool.ts";

/** Receives the progress of a drill. */
export type DrillListener = {
  starting(episode: Episode): void;
  phase(episode: Episode, phase: Phase): void;
  done(result: EpisodeResult): void;
  /** After an episode, while its stack still runs. */
  after?(drill: DrillStack, episode: Episode, result: EpisodeResult): Promise<void>;
};

/**
 * Stacks side by side on this machine. At a factor of 60 a stack keeps a fifth of a core busy, at production timing
 * hardly any.
 */
export function defaultJobs(factor: number): number {
  const perCore = factor > 10 ? 3 : 6;
  return Math.floor(perCore * availableParallelism());
}

/** Cores that a starting stack keeps busy until it is warm. */
const CORES_PER_START = 2;

/** Enough for stacks that do not disturb each other. */
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

/** Runs episodes on stacks of their own; results in the order of the episodes. */
export function runDrill(
  episodes: readonly Episode[],
  { runtime, jobs, signal }: DrillSettings,
  listener: DrillListener,
): Promise<EpisodeResult[]> {
  return runPool(episodes, {
    jobs,
    startsAtATime: startsAtATime(jobs),
    signal,
    startStack: async ({ first, kind: { replicas, budgets } }, warm) => {
      signal.throwIfAborted();
      listener.starting(first);
      return startDrillStack({
        ...{ name: `drill-${first.id}`, profile: first.profile, replicas, runtime, onWarm: warm },
        // A young stack spends its first hours' budget within minutes: before the alert on the fault, at any scale.
        extra: { objectives: budgets !== undefined },
      });
    },
    run: async (drill, episode) => {
      const result = await runEpisode(drill, episode, { signal, onPhase: (phase) => listener.phase(episode, phase) });
      await listener.after?.(drill, episode, result);
      return result;
    },
    notStarted: ({ id, title, kind, expectation }, error, durationMs) => ({
      ...{ id, title, kind, expectation, durationMs, passed: false, phases: {}, findings: [], commands: [] },
      error: error instanceof Error ? error.message : String(error),
    }),
    onResult: (result) => listener.done(result),
  });
}
