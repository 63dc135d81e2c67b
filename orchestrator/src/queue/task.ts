import type { FailureReason, Lane } from "../metrics/contract.ts";

/** Tasks with this priority or a higher one go to the express lane, as the runbook requires. */
export const EXPRESS_PRIORITY = 12;
/** The highest priority; the lowest is 0. */
export const MAX_PRIORITY = 100;
export const DEFAULT_PRIORITY = 5;
/** Limit of tasks in one submission. */
export const MAX_BATCH_TASKS = 1000;

/** A submitted task, already validated. */
export type TaskRequest = {
  /** Chosen by the caller to make the submission idempotent; generated if absent. */
  readonly taskId?: string;
  readonly type: string;
  readonly priority: number;
  /** The payload as JSON text. The service never encodes it again. */
  readonly payloadJson: string;
  /** The task starts after this delay at the earliest. */
  readonly delayMs?: number;
};

/** The answer to a client for one accepted task. */
export type Receipt = {
  readonly taskId: string;
  readonly type: string;
  readonly lane: Lane;
  readonly status: TaskStatus;
  /** True if a task with this id exists already. Nothing was enqueued. */
  readonly duplicate: boolean;
};

type TaskStatus = "queued" | "delayed" | "running" | "retrying" | "completed" | "failed";

/** One task as `GET /api/v1/tasks/{id}` returns it. Times are epoch milliseconds. */
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
  /** Consumer that runs or finished the task. */
  readonly worker?: string;
  /** The result of the handler as JSON text. The service never encodes it again. */
  readonly resultJson?: string;
  /** The task completed, but its result was dropped because Redis was over its memory limit. */
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
  /** Original stream and stream id, and the time of the failure in epoch ms. */
  readonly stream: string;
  readonly entryId: string;
  readonly failedAtMs: number;
  /** Earlier failures of the same task, oldest first. */
  readonly history: readonly { readonly reason: FailureReason; readonly error: string; readonly failedAtMs: number }[];
};

/** The lane for a priority, unless the express bypass is on. */
export function laneOf(priority: number): Lane {
  return priority >= EXPRESS_PRIORITY ? "express" : "regular";
}
