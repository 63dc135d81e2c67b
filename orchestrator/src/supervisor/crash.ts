import type { CrashReason } from "../metrics/contract.ts";

/** How a worker process ended. */
export type ProcessEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why the supervisor itself killed it, if it did. */
  readonly killedFor?: "oom" | "unresponsive" | undefined;
  /** It wrote that its heap is exhausted before it aborted. */
  readonly heapExhausted: boolean;
};

/** What V8 writes to standard error before it aborts for lack of heap. */
const HEAP_EXHAUSTED = /heap out of memory|Reached heap limit|heap limit Allocation failed/;

/** True for a line that says that the heap is exhausted. */
export function saysHeapExhausted(line: string): boolean {
  return HEAP_EXHAUSTED.test(line);
}

/** Reason of an unexpected end. */
export function crashReasonOf(end: ProcessEnd): CrashReason {
  if (end.killedFor !== undefined) return end.killedFor;
  if (end.heapExhausted) return "oom";
  return end.signal === null ? "exit" : "signal";
}
