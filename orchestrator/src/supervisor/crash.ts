import type { CrashReason } from "../metrics/contract.ts";

/** How a worker process ended. */
export type ProcessEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why the supervisor killed it; undefined if it did not. */
  readonly killedFor?: "oom" | "unresponsive" | undefined;
  /** V8 reported an exhausted heap before the end. */
  readonly heapExhausted: boolean;
};

/** Messages of V8 on standard error before it aborts because the heap is exhausted. */
const HEAP_EXHAUSTED = /heap out of memory|Reached heap limit|heap limit Allocation failed/;

/** True if a line reports an exhausted heap. */
export function saysHeapExhausted(line: string): boolean {
  return HEAP_EXHAUSTED.test(line);
}

/** The reason of a crash. */
export function crashReasonOf(end: ProcessEnd): CrashReason {
  if (end.killedFor !== undefined) return end.killedFor;
  if (end.heapExhausted) return "oom";
  return end.signal === null ? "exit" : "signal";
}
