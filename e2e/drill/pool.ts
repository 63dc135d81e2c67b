import { limited } from "../testkit/limited.ts";
import type { DrillStack } from "./drillStack.ts";
import type { EpisodeResult } from "./episodeRun.ts";
import type { Episode } from "./episodes/episode.ts";
import { type Kind, neediestKind, type Serving, servesLightEpisodes, take } from "./schedule.ts";

/** Its first episode, and what all those need that it is to serve. */
export type WantedStack = { readonly first: Episode; readonly kind: Kind };

export type PoolDeps = {
  /** Stacks at a time. */
  readonly jobs: number;
  /** Stacks that may start at the same time, until they are warm. */
  readonly startsAtATime: number;
  /** @param warm to be called once the start keeps no core busy any more */
  startStack(wanted: WantedStack, warm: () => void): Promise<DrillStack>;
  run(drill: DrillStack, episode: Episode): Promise<EpisodeResult>;
  onResult(result: EpisodeResult): void;
  /** No more episodes are begun once it is aborted. */
  readonly signal: AbortSignal;
};

/**
 * Runs episodes on several stacks side by side. A stack serves one episode after the other, as long as they pass and go
 * with its number of replicas and its timing; a stack on which something failed proves nothing about the next.
 *
 * @returns results in the order of the episodes
 */
export async function runPool(episodes: readonly Episode[], deps: PoolDeps): Promise<EpisodeResult[]> {
  const waiting = episodes.toSorted((a, b) => b.expectedMs - a.expectedMs);
  const serving: Serving[] = [];
  const results = new Map<Episode, EpisodeResult>();
  const start = limited(deps.startsAtATime, deps.startStack);
  const settle = (episode: Episode, result: EpisodeResult) => {
    results.set(episode, result);
    deps.onResult(result);
  };
  const lane = async (_: unknown, index: number) => {
    for (;;) {
      const kind = neediestKind(waiting, serving);
      if (kind === undefined || deps.signal.aborted) return;
      const stack: Serving = { kind, light: servesLightEpisodes(index), served: [] };
      serving.push(stack);
      await serve(stack);
      serving.splice(serving.indexOf(stack), 1);
    }
  };
  /** Starts a stack for an episode and keeps it for those that go with it, until one fails. */
  const serve = async (stack: Serving) => {
    const first = take(waiting, stack, serving) as Episode;
    const begunAtMs = Date.now();
    let drill: DrillStack;
    try {
      drill = await start({ first, kind: stack.kind });
    } catch (error) {
      settle(first, notStarted(first, begunAtMs, error));
      return;
    }
    try {
      for (let episode: Episode | undefined = first; episode !== undefined; episode = take(waiting, stack, serving)) {
        const result = await deps.run(drill, episode);
        stack.served.push({ episode, endedAtMs: Date.now() });
        delete stack.running;
        if (!result.passed) drill.stack.keepLogs();
        settle(episode, result.passed ? result : { ...result, logs: drill.stack.logs });
        if (!result.passed || deps.signal.aborted) return;
      }
    } finally {
      await drill[Symbol.asyncDispose]();
    }
  };
  await Promise.all(Array.from({ length: Math.min(deps.jobs, episodes.length) }, lane));
  return episodes.flatMap((episode) => results.get(episode) ?? []);
}

function notStarted(episode: Episode, begunAtMs: number, error: unknown): EpisodeResult {
  const { id, title, kind, expectation } = episode;
  const message = error instanceof Error ? error.message : String(error);
  return {
    id,
    title,
    kind,
    expectation,
    passed: false,
    phases: {},
    findings: [],
    commands: [],
    error: message,
    durationMs: Date.now() - begunAtMs,
  };
}
