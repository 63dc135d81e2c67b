import type { FailureReason, Lane } from "../metrics/contract.ts";

/** Tasks of this priority and above go to the express lane (the runbook's routing rule). */
export const EXPRESS_PRIORITY = 12;
/** Priorities run from 0 (whenever) to this. */
export const MAX_PRIORITY = 100;
export const DEFAULT_PRIORITY = 5;
/** Most tasks in one submission. */
export const MAX_BATCH_TASKS = 1000;

/** A task as its submitter describes it; validated before it gets here. */
export type TaskRequest = {
  /** Chosen by the caller to make the submission idempotent; generated when absent. */
  readonly taskId?: string;
  readonly type: string;
  readonly priority: number;
  /** The payload as JSON text: the service never re-encodes it. */
  readonly payloadJson: string;
  /** Start no earlier than this many milliseconds from now. */
  readonly delayMs?: number;
};

/** What a submitter receives for one accepted task. */
export type Receipt = {
  readonly taskId: string;
  readonly type: string;
  readonly lane: Lane;
  readonly status: TaskStatus;
  /** True when a task of this id was there already: nothing was enqueued. */
  readonly duplicate: boolean;
};

export type TaskStatus = "queued" | "delayed" | "running" | "retrying" | "completed" | "failed";

/** One task as `GET /api/v1/tasks/{id}` tells it. Times are epoch milliseconds. */
export type TaskView = {
  readonly taskId: string;
  readonly type: string;
  readonly lane: Lane;
  readonly status: TaskStatus;
  /** Attempts started so far. */
  readonly attempts: number;
  readonly enqueuedAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly latencyMs?: number;
  /** When a delayed or retrying task is due. */
  readonly dueAtMs?: number;
  /** Consumer that runs it, or finished it. */
  readonly worker?: string;
  /** The handler's result, as JSON text: what is stored is never encoded again. */
  readonly resultJson?: string;
  /** The task completed and its result was not kept: Redis was over its memory limit. */
  readonly resultDropped?: true;
  readonly error?: { readonly reason: FailureReason; readonly code: string; readonly message: string };
  /** Stream id of its dead letter. */
  readonly deadLetterId?: string;
};

/** One entry of the dead letter queue. */
export type DeadLetter = {
  /** Stream id in the dead letter queue. */
  readonly id: string;
  readonly taskId: string;
  readonly type: string;
  readonly lane: Lane;
  readonly reason: FailureReason;
  readonly error: string;
  readonly attempts: number;
  readonly priority: number;
  readonly payloadJson: string;
  /** Original stream and stream id, and the time of death, epoch ms. */
  readonly stream: string;
  readonly entryId: string;
  readonly failedAtMs: number;
  /** Earlier deaths of the same task, oldest first. */
  readonly history: readonly { readonly reason: FailureReason; readonly error: string; readonly failedAtMs: number }[];
};

/** Lane that a task of this priority takes while express routing is on. */
export function laneOf(priority: number): Lane {
  return priority >= EXPRESS_PRIORITY ? "express" : "regular";
}
