import { limited } from "../limited.ts";
import type { DrillStack } from "./drillStack.ts";
import type { EpisodeResult } from "./episode.ts";
import type { Script } from "./script.ts";

export type PoolDeps = {
  /** Stacks at a time. */
  readonly jobs: number;
  /** Stacks that may start at the same time. */
  readonly startsAtATime: number;
  startStack(script: Script): Promise<DrillStack>;
  run(drill: DrillStack, script: Script): Promise<EpisodeResult>;
  onResult(result: EpisodeResult): void;
  /** No more episodes are begun once it is aborted. */
  readonly signal: AbortSignal;
};

/**
 * Runs scripts on several stacks side by side, longest first. A stack serves one script after the other, as long as
 * they pass and go with its number of replicas and its timing; a stack on which something failed proves nothing about the next. No
 * script begins before the first stacks are all up: a dozen processes that start make everybody else slow.
 *
 * @returns results in the order of the scripts
 */
export async function runPool(scripts: readonly Script[], deps: PoolDeps): Promise<EpisodeResult[]> {
  const waiting = scripts.toSorted((a, b) => b.expectedMs - a.expectedMs);
  const stacks = new Map<string, number>();
  const running = new Set<Script>();
  const results = new Map<Script, EpisodeResult>();
  const start = limited(deps.startsAtATime, deps.startStack);
  const lanes = Math.min(deps.jobs, scripts.length);
  let starting = lanes;
  const allUp = Promise.withResolvers<void>();
  const isUp = () => {
    starting -= 1;
    if (starting === 0) allUp.resolve();
  };
  const lane = async () => {
    // A dead end for what is never started, so that the others do not wait for it.
    using up = new Once(isUp);
    for (let first = takeFirst(waiting, stacks); first !== undefined; first = takeFirst(waiting, stacks)) {
      if (deps.signal.aborted) return;
      const kind = stackOf(first);
      stacks.set(kind, (stacks.get(kind) ?? 0) + 1);
      await serve(first, up);
      stacks.set(kind, (stacks.get(kind) ?? 0) - 1);
    }
  };
  /** Starts a stack for a script and keeps it for those that go with it, until one fails. */
  const serve = async (first: Script, up: Once) => {
    const begunAtMs = Date.now();
    let drill: DrillStack;
    try {
      drill = await start(first);
    } catch (error) {
      settle(first, notStarted(first, begunAtMs, error));
      return;
    }
    try {
      up.call();
      await allUp.promise;
      const served: Served[] = [];
      const next = () => takeLike(waiting, first, { served, running });
      for (let script: Script | undefined = first; script !== undefined; script = next()) {
        running.add(script);
        const result = await deps.run(drill, script);
        running.delete(script);
        served.push({ script, endedAtMs: Date.now() });
        if (!result.passed) drill.stack.keepLogs();
        settle(script, result.passed ? result : { ...result, logs: drill.stack.logs });
        if (!result.passed || deps.signal.aborted) return;
      }
    } finally {
      await drill[Symbol.asyncDispose]();
    }
  };
  const settle = (script: Script, result: EpisodeResult) => {
    results.set(script, result);
    deps.onResult(result);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return scripts.flatMap((script) => results.get(script) ?? []);
}

/** The stack that a script needs; one replica where any number will do. */
const stackOf = ({ replicas = 1, profile }: Script) => `${replicas} at 1/${profile.factor}`;

/** Takes the longest script of those that have the most to do for each stack that serves them. */
function takeFirst(waiting: Script[], stacks: ReadonlyMap<string, number>): Script | undefined {
  const workMs = new Map<string, number>();
  for (const script of waiting) workMs.set(stackOf(script), (workMs.get(stackOf(script)) ?? 0) + script.expectedMs);
  // What no stack serves yet comes first.
  const perStackMs = (script: Script) => (workMs.get(stackOf(script)) ?? 0) / (stacks.get(stackOf(script)) || 1e-6);
  return take(waiting, waiting.toSorted((a, b) => perStackMs(b) - perStackMs(a))[0]);
}

type Served = { readonly script: Script; readonly endedAtMs: number };

/** How long a stack's metrics remember: the windows of the runbooks' queries, the same at every scale. */
const REMEMBERED_MS = 60_000;

type Others = { readonly served: readonly Served[]; readonly running: ReadonlySet<Script> };

/**
 * Takes the next script that goes with the stack of another: rather one that need not wait until an earlier one is
 * forgotten, nor starts processes while another does; then one that needs its number of replicas; then the longest.
 */
function takeLike(waiting: Script[], like: Script, { served, running }: Others): Script | undefined {
  const { replicas = 1, profile } = like;
  const sinceMs = Date.now() - REMEMBERED_MS;
  const traces = new Set(served.filter(({ endedAtMs }) => endedAtMs > sinceMs).map(({ script }) => script.traces));
  const starting = [...running].some(({ startsProcesses }) => startsProcesses);
  const drawback = (script: Script) =>
    (script.traces !== undefined && traces.has(script.traces) ? 4 : 0) +
    (script.startsProcesses && starting ? 2 : 0) +
    (script.replicas === undefined ? 1 : 0);
  const alike = waiting.filter(
    (script) => script.profile.factor === profile.factor && (script.replicas ?? replicas) === replicas,
  );
  return take(waiting, alike.toSorted((a, b) => drawback(a) - drawback(b))[0]);
}

function take(waiting: Script[], script: Script | undefined): Script | undefined {
  if (script !== undefined) waiting.splice(waiting.indexOf(script), 1);
  return script;
}

/** Calls back once, at the latest when it goes out of scope. */
class Once implements Disposable {
  #callback: (() => void) | undefined;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  call(): void {
    this.#callback?.();
    this.#callback = undefined;
  }

  [Symbol.dispose](): void {
    this.call();
  }
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
