import type { FailureReason } from "../metrics/contract.ts";

/** A task that completed. */
export type Completed = {
  readonly kind: "completed";
  readonly entryId: string;
  readonly taskId: string;
  readonly originMs: number;
  /** Time from the receipt of the submission to the moment it was accepted, in ms. */
  readonly waitedMs: number;
  /** The packed result of a first attempt, or the record of a task that has one; empty when none is kept. */
  readonly result: string;
  /** True for a task that has a record: its id was chosen by the caller, or it was moved. */
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

/** A task that is tried again after a delay. */
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

/** An entry whose task a former delivery finished or moved on: only to be acknowledged. */
export type Settled = { readonly kind: "settled"; readonly entryId: string; readonly taskId: string };

/** What became of one delivery of a task. */
export type Outcome = Completed | Failed | Retried | Settled;

/** Texts up to this length are taken for three bytes a character: counting them costs more than it is worth. */
const SHORT_TEXT = 1_024;
/** Ids, counters and lengths beside the texts. */
const OVERHEAD_BYTES = 200;

/** Bytes that an outcome takes on its way to Redis, about; never much too few. */
export function outcomeBytes(outcome: Outcome): number {
  if (outcome.kind === "settled") return OVERHEAD_BYTES;
  const text = outcome.kind === "completed" ? outcome.result : outcome.message;
  return OVERHEAD_BYTES + (text.length <= SHORT_TEXT ? text.length * 3 : Buffer.byteLength(text));
}
