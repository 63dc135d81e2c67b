import type { Logger } from "pino";
import {
  CircuitOpenError,
  messageOf,
  OrchestratorError,
  TaskTimeoutError,
  UpstreamError,
  ValidationError,
} from "../../errors.ts";
import type { QueueKeys } from "../../keys.ts";
import type { FailureReason, Lane } from "../../metrics/contract.ts";
import type { LaneCells } from "../../metrics/telemetry.ts";
import type { Outcome } from "../complete/completion.ts";
import type { Entry } from "../entry.ts";
import { equalJitterMs } from "../jitter.ts";
import { completedRecord, packResult } from "../record.ts";
import { entryTimeMs } from "../taskId.ts";
import { DeadlineWatch } from "./deadlineWatch.ts";
import { Execution } from "./execution.ts";
import type { TaskHandler } from "./handler.ts";
import type { RunnerSettings } from "./runnerSettings.ts";

export type ExecutorDeps = {
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly idPrefix: string;
  readonly handler: TaskHandler;
  readonly settings: RunnerSettings;
  readonly cells: LaneCells;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
  /** Gets the outcome of each task, once. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** The task could not start because a circuit breaker is open: it waits, and no attempt is spent. */
  readonly onCircuitOpen: (entry: Entry, error: CircuitOpenError) => void;
  /** Called when the handler has let go of its slot; after `onOutcome` or `onCircuitOpen`. */
  readonly onSlotFree: () => void;
};

/** Run times from which a task is logged as slow. */
const SLOW_TASK_MS = { express: 100, regular: 1_000 } as const satisfies Record<Lane, number>;
const SLOW_LINES_PER_SECOND = 5;
/** Longest error text that is stored. */
const MAX_ERROR_CHARACTERS = 2_000;

/** Runs tasks of one lane with its handler, within their time, and turns what happens into outcomes. */
export class Executor {
  readonly #deps: ExecutorDeps;
  readonly #deadlines: DeadlineWatch<Execution>;
  /** What was aborted and goes on, and when it was: in the order of the aborts. */
  readonly #aborted = new Map<Execution, number>();
  #running = 0;
  #slowSecond = 0;
  #slowLogged = 0;

  constructor(deps: ExecutorDeps) {
    this.#deps = deps;
    this.#deadlines = new DeadlineWatch(deps.settings.taskTimeoutMs, deps.now);
  }

  /** Handlers that have not let go yet. */
  get running(): number {
    return this.#running;
  }

  /** The task that has ignored its abort signal for the longest time; undefined when none does. */
  stuck(): { taskId: string; abortedForMs: number } | undefined {
    const [first] = this.#aborted;
    if (first === undefined) return undefined;
    const [execution, abortedAtMs] = first;
    // Not since its time was over: a process that was held up aborts late, and owes the handler its grace all the same.
    return { taskId: execution.taskId, abortedForMs: this.#deps.now() - abortedAtMs };
  }

  /** Starts a task. Its slot is the caller's to have claimed. */
  start(entry: Entry): void {
    const { handler, now, log, settings } = this.#deps;
    const execution = new Execution(entry, now(), log, this.#timeOut);
    this.#running++;
    if (entry.attempts > 0) this.#deps.cells.retries(1);
    let running: Promise<unknown>;
    try {
      running = handler.run(this.#payload(entry), execution);
    } catch (error) {
      this.#threw(execution, error);
      return;
    }
    if (settings.taskTimeoutMs > 0) this.#deadlines.add(execution);
    running.then(
      (result) => this.#returned(execution, result),
      (error) => this.#threw(execution, error),
    );
  }

  stop(): void {
    this.#deadlines.stop();
  }

  #payload(entry: Entry): unknown {
    const { handler } = this.#deps;
    let payload: unknown;
    try {
      payload = JSON.parse(entry.payloadJson);
    } catch (error) {
      throw new ValidationError(handler.type, [`not JSON (${messageOf(error)})`]);
    }
    if (handler.schema === undefined) return payload;
    const parsed = handler.schema.safeParse(payload);
    if (parsed.success) return parsed.data;
    throw new ValidationError(
      handler.type,
      parsed.error.issues.map((issue) => `${issue.path.join(".") || "payload"}: ${issue.message}`),
    );
  }

  #returned(execution: Execution, result: unknown): void {
    if (!execution.reported) {
      try {
        this.#complete(execution, result);
      } catch (error) {
        this.#fail(execution, error);
      }
    }
    this.#release(execution);
  }

  #threw(execution: Execution, error: unknown): void {
    if (!execution.reported) {
      if (error instanceof CircuitOpenError) {
        execution.reported = true;
        this.#deps.onCircuitOpen(execution.entry, error);
      } else {
        this.#fail(execution, error);
      }
    }
    this.#release(execution);
  }

  #complete(execution: Execution, result: unknown): void {
    const { settings, queue, now, consumer, idPrefix, onOutcome } = this.#deps;
    const { entry, startedAtMs } = execution;
    const resultJson = JSON.stringify(result) ?? "null";
    if (resultJson.length * 3 > settings.maxResultBytes && Buffer.byteLength(resultJson) > settings.maxResultBytes) {
      const problem = `the result is larger than ${settings.maxResultBytes} bytes`;
      throw new OrchestratorError("RESULT_TOO_LARGE", entry.taskId, problem);
    }
    execution.reported = true;
    const finishedAtMs = now();
    if (finishedAtMs - startedAtMs >= SLOW_TASK_MS[queue.lane]) this.#logSlow(execution, finishedAtMs);
    const hasRecord = entry.taskId !== idPrefix + entry.id;
    let packed = "";
    if (settings.resultTtlSeconds > 0) {
      packed = packResult(startedAtMs, finishedAtMs, consumer, resultJson);
      if (hasRecord) {
        const { originId, id: entryId, digest } = entry;
        const head = { originId, entryId, stream: queue.stream, ...(digest === undefined ? {} : { digest }) };
        packed = completedRecord(head, entry.attempts + 1, packed);
      }
    }
    onOutcome({
      kind: "completed",
      entryId: entry.id,
      taskId: entry.taskId,
      originMs: entryTimeMs(entry.originId),
      waitedMs: entry.waitedMs,
      result: packed,
      hasRecord,
    });
  }

  /** Says which tasks are slow, a few per second: when all are, more lines tell no more. */
  #logSlow({ entry, startedAtMs }: Execution, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#slowSecond) {
      this.#slowSecond = second;
      this.#slowLogged = 0;
    }
    if (++this.#slowLogged > SLOW_LINES_PER_SECOND) return;
    const { queue, log } = this.#deps;
    const tookMs = nowMs - startedAtMs;
    const prefix = queue.lane === "express" ? "EXPRESS SLOW: " : "";
    log.warn({ taskId: entry.taskId, tookMs }, `${prefix}task ${entry.taskId} took ${tookMs} ms`);
  }

  #fail(execution: Execution, error: unknown): void {
    execution.reported = true;
    this.#deps.onOutcome(failureOutcome(execution.entry, error, this.#deps.settings, this.#deps.random));
    const { entry } = execution;
    this.#deps.log.warn(
      { task_id: entry.taskId, attempt: execution.attempt, error: errorName(error) },
      `Task ${entry.taskId} failed: ${errorName(error)}: ${messageOf(error).slice(0, MAX_ERROR_CHARACTERS)}`,
    );
  }

  readonly #timeOut = (execution: Execution): void => {
    const error = new TaskTimeoutError(execution.taskId, this.#deps.settings.taskTimeoutMs);
    this.#fail(execution, error);
    this.#aborted.set(execution, this.#deps.now());
    execution.abort(error);
  };

  #release(execution: Execution): void {
    this.#running--;
    this.#deadlines.remove(execution);
    if (this.#aborted.size > 0) this.#aborted.delete(execution);
    this.#deps.onSlotFree();
  }
}

/** What becomes of a task whose attempt failed: another attempt, or the dead letter queue. */
export function failureOutcome(
  entry: Entry,
  error: unknown,
  settings: Pick<RunnerSettings, "maxAttempts" | "retryBaseMs" | "retryCapMs">,
  random: () => number,
): Outcome {
  const attempts = entry.attempts + 1;
  const failure = {
    entryId: entry.id,
    taskId: entry.taskId,
    reason: reasonOf(error),
    code: error instanceof OrchestratorError ? error.code : errorName(error),
    message: messageOf(error).slice(0, MAX_ERROR_CHARACTERS),
    attempts,
  };
  if (isPermanent(error) || attempts >= settings.maxAttempts) return { kind: "failed", ...failure };
  const backoffMs = equalJitterMs(attempts, settings.retryBaseMs, settings.retryCapMs, random);
  // What the upstream asked for is waited in any case; the back-off on top keeps the tasks from coming back all at once.
  const wishedMs = error instanceof UpstreamError ? (error.retryAfterMs ?? 0) : 0;
  return { kind: "retried", ...failure, delayMs: wishedMs + backoffMs };
}

function reasonOf(error: unknown): FailureReason {
  if (error instanceof ValidationError) return "validation";
  if (error instanceof UpstreamError) return "upstream";
  if (error instanceof TaskTimeoutError) return "timeout";
  return "internal";
}

function isPermanent(error: unknown): boolean {
  return error instanceof ValidationError || (error instanceof UpstreamError && error.permanent);
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
