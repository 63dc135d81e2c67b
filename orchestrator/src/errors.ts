import type { RejectReason } from "./metrics/contract.ts";

/**
 * Base of every error that the service raises on purpose: a stable `code` for machines, the `subject` it is about (a
 * task id, a queue, a setting) and, where there is one, the `cause`.
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

/** The configuration is not usable; `problems` lists every one of them. */
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

/** A task's payload does not fit its type's schema. Never retried. */
export class ValidationError extends OrchestratorError {
  readonly issues: readonly string[];

  constructor(subject: string, issues: readonly string[]) {
    super("PAYLOAD_INVALID", subject, `Invalid ${subject} payload: ${issues.join("; ")}`);
    this.issues = issues;
  }
}

/** A submission was refused for now; the caller may come back after `retryAfterSeconds`. */
export class RejectedError extends OrchestratorError {
  readonly reason: RejectReason;
  readonly retryAfterSeconds: number;

  constructor(reason: RejectReason, subject: string, message: string, retryAfterSeconds: number) {
    super(reason === "rate_limit" ? "RATE_LIMITED" : "OVERLOADED", subject, message);
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A task's id belongs to a task that differs from the submitted one. */
export type TaskIdConflict = {
  /** Position in the submission. */
  readonly index: number;
  readonly taskId: string;
  readonly differs: readonly ("type" | "priority" | "payload")[];
};

/** Ids of a submission belong to other tasks already; nothing was enqueued. */
export class TaskIdConflictError extends OrchestratorError {
  readonly conflicts: readonly TaskIdConflict[];

  constructor(conflicts: readonly TaskIdConflict[]) {
    const subject = conflicts[0]?.taskId ?? "";
    super("TASK_ID_CONFLICT", subject, "Nothing was enqueued: a different task with the same id exists");
    this.conflicts = conflicts;
  }
}

/** Redis could not be reached, did not answer in time, or refused the command. */
export class RedisUnavailableError extends OrchestratorError {
  constructor(subject: string, cause: unknown) {
    super("REDIS_UNAVAILABLE", subject, `Redis is not available for ${subject}: ${messageOf(cause)}`, { cause });
  }
}

/** Longest wait that an upstream's wish imposes on a task: an hour. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** An external API failed; retried unless `permanent`. */
export class UpstreamError extends OrchestratorError {
  readonly permanent: boolean;
  /**
   * The upstream asked not to be called again before this time has passed. Taken from 0 to MAX_RETRY_AFTER_MS; what is not a
   * number counts as absent.
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
 * The circuit breaker of an upstream is open: the task goes back to its queue and no attempt is spent. Its `cause` is the
 * task's own failed request where that is what left the breaker open.
 */
export class CircuitOpenError extends OrchestratorError {
  /** Milliseconds until the breaker lets a call through again; undefined where that is not known. */
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

/** What a task, a dead letter, a type or another named thing is not: there. */
export class NotFoundError extends OrchestratorError {
  constructor(kind: string, subject: string) {
    super("NOT_FOUND", subject, `No such ${kind}: ${subject}`);
  }
}

/** The number of unaccounted tasks is not the one that the caller has seen, or another caller has just written them off. */
export class AccountingChangedError extends OrchestratorError {
  constructor(subject: string, seen: number, found?: number) {
    const why = found === undefined ? "has changed meanwhile" : `misses ${found} tasks, not ${seen}`;
    super("ACCOUNTING_CHANGED", subject, `Task accounting of ${subject} ${why}: nothing was written off`);
  }
}

const MAX_NAME_CHARACTERS = 200;

/** What can be said about a thrown value. */
export type ErrorDescription = { readonly name: string; readonly message: string; readonly stack?: string | undefined };

/**
 * Describes anything that was thrown. Never throws itself, whatever the value does when it is looked at: objects without
 * a prototype, messages that are not text, getters that throw and proxies are all described.
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

/** Text of an unknown thrown value. Never throws. */
export function messageOf(error: unknown): string {
  return describeError(error).message;
}

/** `instanceof` for a value that may throw when it is asked. */
export function isInstanceOf<T>(value: unknown, type: abstract new (...args: never) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** A property of a value from unknown code; undefined where it is absent, not as `accept` wants it, or throws. */
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
