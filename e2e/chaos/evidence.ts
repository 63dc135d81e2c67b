import type { ExecutionEvent } from "./executionLog.ts";
import type { Schedule } from "./schedule.ts";

/** A task's state as the API showed it. */
export type TaskSight = {
  readonly status: string;
  readonly result?: unknown;
  /** The service says that it did not keep the result, for Redis was full. */
  readonly resultDropped?: true;
  readonly error?: { readonly reason: string; readonly code: string; readonly message: string };
};

/** What a client learned about one task of the schedule. */
export type TaskEvidence = {
  /** The id under which it was accepted; undefined where no answer said that it was. */
  taskId?: string;
  /** The first final state that was seen, and when, in real epoch ms. */
  firstEnd?: TaskSight & { readonly atMs: number };
  /** What both replicas say in the end; undefined where one gave no answer, "unknown" for 404. */
  last: (TaskSight | "unknown" | undefined)[];
  /** True when the service said that it does not know the task, after it had accepted it. */
  disowned: boolean;
  /** The answers to its submissions, in order: replica, status and body; the last one is the second submission's. */
  answers: string[];
  /** True when the second submission of its id was taken for a new task. */
  acceptedTwice: boolean;
};

/** One queue as GET /api/v1/queues shows it. */
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
  /** Why it is not, in its own words. */
  readonly detail: string;
  /** Types with no active worker. */
  readonly inactiveTypes: readonly string[];
  /** Undefined where it did not say. */
  readonly queues: readonly QueueSight[] | undefined;
  /** Sum of mcp_tasks_unaccounted on /metrics; undefined where it is missing. */
  readonly unaccountedMetric: number | undefined;
  readonly unexpectedEnds: readonly string[];
};

/** Everything that was seen from outside of the service during one run. */
export type Evidence = {
  readonly schedule: Schedule;
  readonly tasks: readonly TaskEvidence[];
  readonly executions: readonly ExecutionEvent[];
  /** Task ids of the dead letters, one for each; undefined where they could not be read. */
  readonly deadLetters: readonly string[] | undefined;
  readonly replicas: readonly ReplicaSight[];
  /** Probes after the last fault that were not accepted, or not completed, in time. */
  readonly failedProbes: readonly string[];
  /** From the removal of the last fault until everything was at rest; undefined where it was not in time. */
  readonly drainedAfterMs: number | undefined;
  /** The time that this may take. */
  readonly boundMs: number;
};
