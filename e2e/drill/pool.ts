import { limited } from "../testkit/limited.ts";
import type { DrillStack } from "./drillStack.ts";
import type { Script } from "./episodes/episode.ts";
import type { EpisodeResult } from "./episodeRun.ts";
import { type Kind, neediestKind, type Serving, servesLightScripts, take } from "./schedule.ts";

/** Its first script, and what all those need that it is to serve. */
export type WantedStack = { readonly first: Script; readonly kind: Kind };

export type PoolDeps = {
  /** Stacks at a time. */
  readonly jobs: number;
  /** Stacks that may start at the same time, until they are warm. */
  readonly startsAtATime: number;
  /** @param warm to be called once the start keeps no core busy any more */
  startStack(wanted: WantedStack, warm: () => void): Promise<DrillStack>;
  run(drill: DrillStack, script: Script): Promise<EpisodeResult>;
  onResult(result: EpisodeResult): void;
  /** No more episodes are begun once it is aborted. */
  readonly signal: AbortSignal;
};

/**
 * Runs scripts on several stacks side by side. A stack serves one script after the other, as long as they pass and go
 * with its number of replicas and its timing; a stack on which something failed proves nothing about the next.
 *
 * @returns results in the order of the scripts
 */
export async function runPool(scripts: readonly Script[], deps: PoolDeps): Promise<EpisodeResult[]> {
  const waiting = scripts.toSorted((a, b) => b.expectedMs - a.expectedMs);
  const serving: Serving[] = [];
  const results = new Map<Script, EpisodeResult>();
  const start = limited(deps.startsAtATime, deps.startStack);
  const settle = (script: Script, result: EpisodeResult) => {
    results.set(script, result);
    deps.onResult(result);
  };
  const lane = async (_: unknown, index: number) => {
    for (;;) {
      const kind = neediestKind(waiting, serving);
      if (kind === undefined || deps.signal.aborted) return;
      const stack: Serving = { kind, light: servesLightScripts(index), served: [] };
      serving.push(stack);
      await serve(stack);
      serving.splice(serving.indexOf(stack), 1);
    }
  };
  /** Starts a stack for a script and keeps it for those that go with it, until one fails. */
  const serve = async (stack: Serving) => {
    const first = take(waiting, stack, serving) as Script;
    const begunAtMs = Date.now();
    let drill: DrillStack;
    try {
      drill = await start({ first, kind: stack.kind });
    } catch (error) {
      settle(first, notStarted(first, begunAtMs, error));
      return;
    }
    try {
      for (let script: Script | undefined = first; script !== undefined; script = take(waiting, stack, serving)) {
        const result = await deps.run(drill, script);
        stack.served.push({ script, endedAtMs: Date.now() });
        delete stack.running;
        if (!result.passed) drill.stack.keepLogs();
        settle(script, result.passed ? result : { ...result, logs: drill.stack.logs });
        if (!result.passed || deps.signal.aborted) return;
      }
    } finally {
      await drill[Symbol.asyncDispose]();
    }
  };
  await Promise.all(Array.from({ length: Math.min(deps.jobs, scripts.length) }, lane));
  return scripts.flatMap((script) => results.get(script) ?? []);
}

function notStarted(script: Script, begunAtMs: number, error: unknown): EpisodeResult {
  const { id, title, kind, expectation } = script;
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
