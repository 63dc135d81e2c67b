import type { SubmissionCause } from "./metrics/contract.ts";

/**
 * Base class of all errors that the service throws on purpose. `code` is stable, for programs. `subject` is the affected
 * task id, queue or setting.
 */
export class OrchestratorError extends Error {
  readonly code: string;
  readonly subject: string;

  constructor(code: string, subject: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.subject = subject;
  }
}

/** The configuration is invalid; `problems` lists everything that is wrong. */
export class ConfigError extends OrchestratorError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      "CONFIG_INVALID",
      "configuration",
      `Invalid configuration:\n${problems.map((line) => `  - ${line}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** The payload of a task does not match the schema of its type. Never retried. */
export class ValidationError extends OrchestratorError {
  readonly issues: readonly string[];

  constructor(subject: string, issues: readonly string[]) {
    super("PAYLOAD_INVALID", subject, `Invalid ${subject} payload: ${issues.join("; ")}`);
    this.issues = issues;
  }
}

type RejectReason = Extract<SubmissionCause, "rate_limit" | "overload">;

/** A submission was rejected for now. The client may retry after `retryAfterSeconds`. */
export class RejectedError extends OrchestratorError {
  readonly reason: RejectReason;
  readonly retryAfterSeconds: number;

  constructor(reason: RejectReason, subject: string, message: string, retryAfterSeconds: number) {
    super(reason === "rate_limit" ? "RATE_LIMITED" : "OVERLOADED", subject, message);
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The id of a submitted task belongs to a different task. */
export type TaskIdConflict = {
  /** Position in the submission. */
  readonly index: number;
  readonly taskId: string;
  readonly differs: readonly ("type" | "priority" | "payload")[];
};

/** Ids of a submission belong to different tasks. Nothing was enqueued. */
export class TaskIdConflictError extends OrchestratorError {
  readonly conflicts: readonly TaskIdConflict[];

  constructor(conflicts: readonly TaskIdConflict[]) {
    const subject = conflicts[0]?.taskId ?? "";
    super("TASK_ID_CONFLICT", subject, "Nothing was enqueued: a different task with the same id exists");
    this.conflicts = conflicts;
  }
}

/** Redis is unreachable, did not answer in time, or rejected the command. */
export class RedisUnavailableError extends OrchestratorError {
  constructor(subject: string, cause: unknown) {
    super("REDIS_UNAVAILABLE", subject, `Redis is not available for ${subject}: ${messageOf(cause)}`, { cause });
  }
}

/** Upper bound of the delay that an upstream may request: an hour. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** An external API failed. Retried unless `permanent`. */
export class UpstreamError extends OrchestratorError {
  readonly permanent: boolean;
  /**
   * The delay that the upstream requests. Bounded to 0 to MAX_RETRY_AFTER_MS; a value that is not a number counts as
   * absent.
   */
  readonly retryAfterMs: number | undefined;

  constructor(
    upstream: string,
    message: string,
    options: { permanent?: boolean; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super("UPSTREAM_FAILED", upstream, message, options);
    this.permanent = options.permanent ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * The circuit breaker of an upstream is open. The task waits and no attempt is spent. If a request of the task itself
 * opened the breaker, its failure is the `cause`.
 */
export class CircuitOpenError extends OrchestratorError {
  /** Milliseconds until the breaker allows the next call; undefined if unknown. */
  readonly retryAfterMs: number | undefined;

  constructor(
    upstream: string,
    options: { readonly retryAfterMs?: number | undefined; readonly cause?: UpstreamError | undefined } = {},
  ) {
    const { cause, retryAfterMs } = options;
    const why = cause === undefined ? "" : `: ${cause.message}`;
    super("CIRCUIT_OPEN", upstream, `The circuit breaker of ${upstream} is open${why}`, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/** A task ran longer than its type allows. */
export class TaskTimeoutError extends OrchestratorError {
  constructor(subject: string, timeoutMs: number) {
    super("TASK_TIMEOUT", subject, `Task ${subject} timeout after ${timeoutMs} ms`);
  }
}

/** A task, dead letter, type or other subject does not exist. */
export class NotFoundError extends OrchestratorError {
  constructor(kind: string, subject: string) {
    super("NOT_FOUND", subject, `No such ${kind}: ${subject}`);
  }
}

/** The number of unaccounted tasks is not the expected one, or another caller has just written them off. */
export class AccountingChangedError extends OrchestratorError {
  constructor(subject: string, expected: number, found?: number) {
    const why = found === undefined ? "has changed meanwhile" : `has ${found} unaccounted tasks, not ${expected}`;
    super("ACCOUNTING_CHANGED", subject, `Task accounting of ${subject} ${why}: nothing was written off`);
  }
}

const MAX_NAME_CHARACTERS = 200;

/** The description of a thrown value. */
export type ErrorDescription = { readonly name: string; readonly message: string; readonly stack?: string | undefined };

/**
 * Describes any thrown value. Never throws, even for objects without a prototype, messages that are not text, getters that
 * throw, and proxies.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!isInstanceOf(error, Error)) return { name: typeof error, message: textOf(error) };
  const name = property(error, "name", isText) ?? "Error";
  return {
    name: name.slice(0, MAX_NAME_CHARACTERS),
    message: property(error, "message", isText) ?? textOf(error),
    stack: property(error, "stack", isText),
  };
}

/** The message of any thrown value. Never throws. */
export function messageOf(error: unknown): string {
  return describeError(error).message;
}

/** `instanceof` for a value that may throw during the check. */
export function isInstanceOf<T>(value: unknown, type: abstract new (...args: never) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** A property of a value from unknown code; undefined if it is absent, not accepted by `accept`, or throws. */
export function property<T>(value: object, name: string, accept: (found: unknown) => found is T): T | undefined {
  try {
    const found: unknown = Reflect.get(value, name);
    return accept(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value without text (${typeof value})`;
  }
}
