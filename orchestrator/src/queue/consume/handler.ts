import type { Logger } from "pino";
import type { z } from "zod";
import type { Upstream } from "../../metrics/contract.ts";

/** What a handler knows about the task it runs. */
export type TaskContext = {
  readonly taskId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborts when the task's time is over; a handler that ignores it gets its worker recycled. */
  readonly signal: AbortSignal;
  /** Logger that names task, type and attempt. */
  readonly log: Logger;
};

/** Runs the tasks of one type. */
export type TaskHandler = {
  readonly type: string;
  /** Payloads that do not fit are rejected at submission and, where they came another way, dead-lettered. */
  readonly schema?: z.ZodType;
  /** The external API that it needs; its name is shown while the circuit breaker holds its tasks back. */
  readonly upstream?: Upstream;
  /**
   * Runs one task. At-least-once: a task may be run again after a crash.
   *
   * @param payload the parsed payload, as the schema gives it
   * @returns the result or a promise of it, anything that JSON can hold; `degraded: true` in it says that it is a substitute
   * @throws ValidationError, or an UpstreamError that is permanent: not retried; CircuitOpenError: the task waits and no
   *   attempt is spent; anything else, whatever it is: retried
   */
  run(payload: unknown, context: TaskContext): unknown;
};
