import type { ExecutionEvent } from "./executionLog.ts";
import type { Schedule } from "./schedule.ts";

/** A task's state as the API reported it. */
export type TaskSight = {
  readonly status: string;
  readonly result?: unknown;
  /** The service reports that it dropped the result because Redis was full. */
  readonly resultDropped?: true;
  readonly error?: { readonly reason: string; readonly code: string; readonly message: string };
};

/** What a client learned about one task of the schedule. */
export type TaskEvidence = {
  /** The id under which it was accepted; undefined if no answer said so. */
  taskId?: string;
  /** The first final state that was seen, and when, in real epoch ms. */
  firstEnd?: TaskSight & { readonly atMs: number };
  /** What both replicas report at the end; undefined without an answer, "unknown" for 404. */
  last: (TaskSight | "unknown" | undefined)[];
  /** The service answered 404 after it had accepted the task. */
  disowned: boolean;
  /** Answers to its submissions, in order: replica, status and body. The last one may be of the second submission. */
  answers: string[];
  /** The second submission of its id was accepted as a new task. */
  acceptedTwice: boolean;
};

/** One queue of GET /api/v1/queues. */
export type QueueSight = {
  readonly stream: string;
  readonly depth: number;
  readonly pending: number;
  readonly delayed: number;
  readonly unaccounted: number;
};

/** The state of one replica at the end. */
export type ReplicaSight = {
  readonly ready: boolean;
  /** Why it is not ready, as it reports. */
  readonly detail: string;
  /** Types with no active worker. */
  readonly inactiveTypes: readonly string[];
  /** Undefined if not reported. */
  readonly queues: readonly QueueSight[] | undefined;
  /** Sum of mcp_tasks_unaccounted on /metrics; undefined if missing. */
  readonly unaccountedMetric: number | undefined;
  readonly unexpectedEnds: readonly string[];
};

/** What was seen from outside the service during one run. */
export type Evidence = {
  readonly schedule: Schedule;
  readonly tasks: readonly TaskEvidence[];
  readonly executions: readonly ExecutionEvent[];
  /** Task ids of the dead letters, one for each; undefined if they could not be read. */
  readonly deadLetters: readonly string[] | undefined;
  readonly replicas: readonly ReplicaSight[];
  /** Probes after the last fault that were not accepted or completed in time. */
  readonly failedProbes: readonly string[];
  /** From the removal of the last fault until the system was at rest; undefined if it was not in time. */
  readonly drainedAfterMs: number | undefined;
  /** The longest time that this may take. */
  readonly boundMs: number;
};
