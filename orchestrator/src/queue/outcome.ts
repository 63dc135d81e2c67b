import type { FailureReason } from "../metrics/contract.ts";

/** A task that completed. */
export type Completed = {
  readonly kind: "completed";
  readonly entryId: string;
  readonly taskId: string;
  readonly originMs: number;
  /** Time from the receipt of the submission to its acceptance, in ms. */
  readonly waitedMs: number;
  /** The packed result of a first attempt, or the record of a task that has one; empty if results are not kept. */
  readonly result: string;
  /** True if the task has a record: a caller chose its id, or it was retried or delayed. */
  readonly hasRecord: boolean;
};

/** A task that ends in the dead letter queue. */
export type Failed = {
  readonly kind: "failed";
  readonly entryId: string;
  readonly taskId: string;
  readonly reason: FailureReason;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
};

/** A task that is retried after a delay. */
export type Retried = {
  readonly kind: "retried";
  readonly entryId: string;
  readonly taskId: string;
  readonly reason: FailureReason;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly delayMs: number;
};

/** An entry whose task was finished or moved by an earlier delivery. Only the acknowledgement is left to do. */
export type Settled = { readonly kind: "settled"; readonly entryId: string; readonly taskId: string };

/** The outcome of one delivery of a task. */
export type Outcome = Completed | Failed | Retried | Settled;

/** Up to this length, three bytes per character are assumed: counting is too expensive for short texts. */
const SHORT_TEXT = 1_024;
/** Ids, counters and lengths beside the texts. */
const OVERHEAD_BYTES = 200;

/** Estimates the bytes of an outcome in a Redis command. The estimate is rarely too low. */
export function outcomeBytes(outcome: Outcome): number {
  if (outcome.kind === "settled") return OVERHEAD_BYTES;
  const text = outcome.kind === "completed" ? outcome.result : outcome.message;
  return OVERHEAD_BYTES + (text.length <= SHORT_TEXT ? text.length * 3 : Buffer.byteLength(text));
}
