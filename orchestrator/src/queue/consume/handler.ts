import type { Logger } from "pino";
import type { z } from "zod";
import type { Upstream } from "../../metrics/contract.ts";

/** What a handler knows about the task it runs. */
export type TaskContext = {
  readonly taskId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborts when the time limit of the task is reached. If the handler ignores it, its worker is restarted. */
  readonly signal: AbortSignal;
  /** Adds task, type and attempt to each line. */
  readonly log: Logger;
};

/** Runs the tasks of one type. */
export type TaskHandler = {
  readonly type: string;
  /** Invalid payloads are rejected at submission. Those that reach the stream by another way are dead-lettered. */
  readonly schema?: z.ZodType;
  /** The external API that the handler calls. Its name is reported while its circuit breaker is open. */
  readonly upstream?: Upstream;
  /**
   * Runs one task. Execution is at least once: a task may run again after a crash.
   *
   * @param payload the payload as parsed by the schema
   * @returns the result or a promise of it, any JSON value; `degraded: true` in it marks a substitute result
   * @throws ValidationError or a permanent UpstreamError: no retry; CircuitOpenError: the task waits and no attempt is
   *   spent; anything else: a retry
   */
  run(payload: unknown, context: TaskContext): unknown;
};
