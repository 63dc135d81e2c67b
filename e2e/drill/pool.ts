import pLimit from "p-limit";
import type { DrillStack } from "./drillStack.ts";
import { type Kind, neediestKind, type Schedulable, type Serving, servesLightEpisodes, take } from "./schedule.ts";

/** Its first episode, and the requirements of all episodes that it will run. */
type WantedStack<E> = { readonly first: E; readonly kind: Kind };

export type PoolDeps<E, R, S> = {
  /** Stacks at a time. */
  readonly jobs: number;
  /** Stacks that may start at the same time, until they are warm. */
  readonly startsAtATime: number;
  /** @param warm called when the start no longer keeps a core busy */
  startStack(wanted: WantedStack<E>, warm: () => void): Promise<S>;
  run(drill: S, episode: E): Promise<R>;
  /** The result of an episode whose stack did not start. */
  notStarted(episode: E, error: unknown, durationMs: number): R;
  onResult(result: R): void;
  /** No more episodes begin once it is aborted. */
  readonly signal: AbortSignal;
};

/**
 * Runs episodes on several stacks side by side. A stack runs one episode after the other, as long as they pass and need
 * its number of replicas and its timing. After a failure it is replaced.
 *
 * @returns results in the order of the episodes
 */
export async function runPool<
  E extends Schedulable,
  R extends { readonly passed: boolean },
  S extends Pick<DrillStack, "stack" | typeof Symbol.asyncDispose>,
>(episodes: readonly E[], deps: PoolDeps<E, R, S>): Promise<(R & { readonly logs?: string })[]> {
  const waiting = episodes.toSorted((a, b) => b.expectedMs - a.expectedMs);
  const serving: Serving<E>[] = [];
  const results = new Map<E, R>();
  const startTurns = pLimit(deps.startsAtATime);
  /** A turn ends when the stack is warm, or did not start. */
  const start = (wanted: WantedStack<E>) => {
    const { promise, resolve, reject } = Promise.withResolvers<S>();
    void startTurns(
      () => new Promise<void>((warm) => void deps.startStack(wanted, warm).then(resolve, reject).finally(warm)),
    );
    return promise;
  };
  const settle = (episode: E, result: R) => {
    results.set(episode, result);
    deps.onResult(result);
  };
  const lane = async (_: unknown, index: number) => {
    for (;;) {
      const kind = neediestKind(waiting, serving);
      if (kind === undefined || deps.signal.aborted) return;
      const stack: Serving<E> = { kind, light: servesLightEpisodes(index), served: [] };
      serving.push(stack);
      await serve(stack);
      serving.splice(serving.indexOf(stack), 1);
    }
  };
  /** Starts a stack for an episode and keeps it for others that fit, until one fails. */
  const serve = async (stack: Serving<E>) => {
    const first = take(waiting, stack, serving) as E;
    const begunAtMs = Date.now();
    let drill: S;
    try {
      drill = await start({ first, kind: stack.kind });
    } catch (error) {
      settle(first, deps.notStarted(first, error, Date.now() - begunAtMs));
      return;
    }
    try {
      for (let episode: E | undefined = first; episode !== undefined; episode = take(waiting, stack, serving)) {
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
