import type { Logger } from "pino";
import type { Clock } from "../../clock.ts";
import {
  CircuitOpenError,
  describeError,
  isInstanceOf,
  MAX_RETRY_AFTER_MS,
  messageOf,
  OrchestratorError,
  property,
  TaskTimeoutError,
  UpstreamError,
  ValidationError,
} from "../../errors.ts";
import { equalJitterMs } from "../../jitter.ts";
import type { QueueKeys } from "../../keys.ts";
import type { FailureReason, Lane } from "../../metrics/contract.ts";
import type { LaneCounters } from "../../metrics/telemetry.ts";
import type { Entry } from "../entry.ts";
import type { Outcome } from "../outcome.ts";
import { completedRecord, packResult } from "../record.ts";
import { entryTimeMs } from "../taskId.ts";
import { DeadlineWatch } from "./deadlineWatch.ts";
import { Execution } from "./execution.ts";
import type { TaskHandler } from "./handler.ts";
import type { RunnerSettings } from "./runnerSettings.ts";
import type { Slots } from "./slotPool.ts";
import type { Probe } from "./suspension.ts";

export type ExecutorDeps = {
  readonly queue: QueueKeys;
  readonly consumer: string;
  readonly idPrefix: string;
  readonly handler: TaskHandler;
  readonly settings: RunnerSettings;
  readonly counters: LaneCounters;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Called once per task with its outcome. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Called instead if a circuit breaker is open. The task waits and no attempt is spent. */
  readonly onCircuitOpen: (entry: Entry, circuit: OpenCircuit) => void;
};

/** The open breaker that stopped a task, and when it allows the next call. */
export type OpenCircuit = Pick<CircuitOpenError, "subject" | "retryAfterMs"> & { readonly message: string };

/** A task is logged as slow from this run time. */
const SLOW_TASK_MS = { express: 100, regular: 1_000 } as const satisfies Record<Lane, number>;
const SLOW_LINES_PER_SECOND = 5;
/** Longer error texts are cut before they are stored. */
const MAX_ERROR_CHARACTERS = 2_000;

/** Runs the tasks of one lane with their handler, within their time limit, and reports outcomes. */
export class Executor {
  readonly #deps: ExecutorDeps;
  readonly #deadlines: DeadlineWatch<Execution>;
  /** Executions that were aborted and still run, in the order of their aborts. */
  readonly #aborted = new Set<Execution>();
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #slowSecond = 0;
  #slowLogged = 0;

  constructor(deps: ExecutorDeps) {
    this.#deps = deps;
    this.#deadlines = new DeadlineWatch(deps.settings.taskTimeoutMs, deps.clock.monotonicMs);
  }

  /** Handlers that still run, reported or not. */
  get running(): number {
    return this.#running;
  }

  /** Resolves when no handler runs. */
  async whenIdle(): Promise<void> {
    if (this.#running === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** The task that has ignored its abort signal for the longest time; undefined if there is none. */
  stuck(): { taskId: string; abortedForMs: number } | undefined {
    const [execution] = this.#aborted;
    if (execution?.abortedAtMs === undefined) return undefined;
    // Counted from the abort, not from the deadline: a blocked process aborts late, and the handler still gets its grace.
    return { taskId: execution.taskId, abortedForMs: this.#deps.clock.monotonicMs() - execution.abortedAtMs };
  }

  /** Starts a task. The execution owns the slot and the probe from now on. */
  start(entry: Entry, slot: Slots, probe: Probe | undefined): void {
    const { handler, clock, log } = this.#deps;
    const execution = new Execution(entry, slot, probe, clock.monotonicMs(), log, this.#timeOut);
    this.#running++;
    if (entry.attempts > 0) this.#deps.counters.retries(1);
    let returned: unknown;
    try {
      returned = handler.run(this.#payload(entry), execution);
    } catch (error) {
      this.#threw(execution, error);
      return;
    }
    this.#deadlines.add(execution);
    // A plain value, a promise or any other thenable.
    Promise.resolve(returned).then(
      (result) => this.#returned(execution, result),
      (error: unknown) => this.#threw(execution, error),
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
      const circuit = openCircuit(error);
      if (circuit !== undefined) {
        execution.report(true);
        this.#deps.onCircuitOpen(execution.entry, circuit);
      } else {
        this.#fail(execution, error);
      }
    }
    this.#release(execution);
  }

  #complete(execution: Execution, result: unknown): void {
    const { settings, queue, clock, consumer, idPrefix, onOutcome } = this.#deps;
    const { entry } = execution;
    const resultJson = JSON.stringify(result) ?? "null";
    if (resultJson.length * 3 > settings.maxResultBytes && Buffer.byteLength(resultJson) > settings.maxResultBytes) {
      const problem = `the result is larger than ${settings.maxResultBytes} bytes`;
      throw new OrchestratorError("RESULT_TOO_LARGE", entry.taskId, problem);
    }
    execution.report(false);
    const nowMs = clock.monotonicMs();
    const tookMs = Math.round(nowMs - execution.startedAtMs);
    if (tookMs >= SLOW_TASK_MS[queue.lane]) this.#logSlow(execution, tookMs, nowMs);
    const hasRecord = entry.taskId !== idPrefix + entry.id;
    let packed = "";
    if (settings.resultTtlSeconds > 0) {
      const finishedAtMs = clock.wallMs();
      packed = packResult(finishedAtMs - tookMs, finishedAtMs, consumer, resultJson);
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

  /** Logs slow tasks, a few per second. */
  #logSlow({ entry }: Execution, tookMs: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#slowSecond) {
      this.#slowSecond = second;
      this.#slowLogged = 0;
    }
    if (++this.#slowLogged > SLOW_LINES_PER_SECOND) return;
    const { queue, log } = this.#deps;
    const prefix = queue.lane === "express" ? "EXPRESS SLOW: " : "";
    log.warn({ taskId: entry.taskId, tookMs }, `${prefix}task ${entry.taskId} took ${tookMs} ms`);
  }

  #fail(execution: Execution, error: unknown): void {
    execution.report(false);
    const { entry } = execution;
    const { name, message } = describeError(error);
    this.#deps.onOutcome(failureOutcome(entry, error, this.#deps.settings, this.#deps.random));
    this.#deps.log.warn(
      { task_id: entry.taskId, attempt: execution.attempt, error: name },
      `Task ${entry.taskId} failed: ${name}: ${message.slice(0, MAX_ERROR_CHARACTERS)}`,
    );
  }

  readonly #timeOut = (execution: Execution): void => {
    const error = new TaskTimeoutError(execution.taskId, this.#deps.settings.taskTimeoutMs);
    this.#fail(execution, error);
    this.#aborted.add(execution);
    execution.abort(error, this.#deps.clock.monotonicMs());
  };

  #release(execution: Execution): void {
    this.#running--;
    this.#deadlines.remove(execution);
    if (this.#aborted.size > 0) this.#aborted.delete(execution);
    execution[Symbol.dispose]();
    if (this.#running > 0 || this.#idle === undefined) return;
    this.#idle.resolve();
    this.#idle = undefined;
  }
}

/** The outcome of a failed attempt: another attempt, or the dead letter queue. */
export function failureOutcome(
  entry: Entry,
  error: unknown,
  settings: Pick<RunnerSettings, "maxAttempts" | "retryBaseMs" | "retryCapMs">,
  random: () => number,
): Outcome {
  const attempts = entry.attempts + 1;
  const { name, message } = describeError(error);
  const failure = {
    entryId: entry.id,
    taskId: entry.taskId,
    reason: reasonOf(error),
    code: isInstanceOf(error, OrchestratorError) ? (property(error, "code", isText) ?? name) : name,
    message: message.slice(0, MAX_ERROR_CHARACTERS),
    attempts,
  };
  if (isPermanent(error) || attempts >= settings.maxAttempts) return { kind: "failed", ...failure };
  const backoffMs = equalJitterMs(attempts, settings.retryBaseMs, settings.retryCapMs, random);
  // The backoff comes on top of the delay that the upstream requests, so that tasks do not all return at once.
  return { kind: "retried", ...failure, delayMs: requestedDelayMs(error) + backoffMs };
}

/** The delay that an upstream requests, within bounds; 0 if there is none or it is not a number. */
function requestedDelayMs(error: unknown): number {
  if (!isInstanceOf(error, UpstreamError)) return 0;
  const requestedMs = property(error, "retryAfterMs", isNumber) ?? 0;
  return Math.min(Math.max(0, requestedMs), MAX_RETRY_AFTER_MS);
}

function openCircuit(error: unknown): OpenCircuit | undefined {
  if (!isInstanceOf(error, CircuitOpenError)) return undefined;
  return {
    subject: property(error, "subject", isText) ?? "an upstream",
    retryAfterMs: property(error, "retryAfterMs", isNumber),
    message: messageOf(error),
  };
}

function reasonOf(error: unknown): FailureReason {
  if (isInstanceOf(error, ValidationError)) return "validation";
  if (isInstanceOf(error, UpstreamError)) return "upstream";
  if (isInstanceOf(error, TaskTimeoutError)) return "timeout";
  return "internal";
}

function isPermanent(error: unknown): boolean {
  if (isInstanceOf(error, ValidationError)) return true;
  return isInstanceOf(error, UpstreamError) && property(error, "permanent", isTrue) === true;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Accepts Infinity, rejects NaN. */
function isNumber(value: unknown): value is number {
  return typeof value === "number" && !Number.isNaN(value);
}

function isTrue(value: unknown): value is true {
  return value === true;
}
