import { messageOf, OrchestratorError } from "../errors.ts";

/**
 * The kind of a failed command, which shows whether it had an effect:
 * - `noperm`, `oom`, `nogroup`, `noscript`, `busy`, `readonly`, `reply`: the server replied with an error, and did nothing.
 *   `reply` is any other error reply.
 * - `timeout`, `connection`: the effect is unknown.
 */
export type RedisErrorKind =
  | "noperm"
  | "oom"
  | "nogroup"
  | "noscript"
  | "busy"
  | "readonly"
  | "timeout"
  | "connection"
  | "reply";

const PATTERNS: readonly (readonly [RegExp, RedisErrorKind])[] = [
  // Redis reports a denied command or key in a script as a plain ERR, 7.0 with the first two texts.
  [
    /^(NOPERM|NOAUTH|WRONGPASS)|can't run this command or subcommand|can't access at least one of the keys|no permissions/i,
    "noperm",
  ],
  [/^OOM/, "oom"],
  // A read that blocks on a stream gets UNBLOCKED when the stream is deleted.
  [/^NOGROUP|^UNBLOCKED|no such key/i, "nogroup"],
  [/^NOSCRIPT/, "noscript"],
  [/^(BUSY|LOADING|TRYAGAIN|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|MISCONF)\b/, "busy"],
  [/^READONLY/, "readonly"],
  [/timed? ?out/i, "timeout"],
];

/** A command to Redis failed. The message is the error reply of the server, or a plain reason why there is no reply. */
export class RedisCommandError extends OrchestratorError {
  readonly kind: RedisErrorKind;

  /** @param command name of the command, such as `xadd` */
  constructor(command: string, kind: RedisErrorKind, message: string, options?: { cause?: unknown }) {
    super("REDIS_COMMAND_FAILED", command, message, options);
    this.kind = kind;
  }
}

/**
 * Converts an error of the client library for a command.
 *
 * @param lost reason why there is no connection; undefined while there is one
 */
export function commandError(command: string, error: Error, lost?: string): RedisCommandError {
  if (error instanceof RedisCommandError) return error;
  const kind = redisErrorKind(error);
  if (kind === "connection" || (kind === "timeout" && lost !== undefined))
    return noConnection(command, lost ?? connectionFailure(error));
  const message = kind === "timeout" ? `Redis did not answer ${command} in time` : error.message;
  return new RedisCommandError(command, kind, message, { cause: error });
}

/** The error of a command that was not sent, or whose connection was lost. @param lost the reason, if known */
export function noConnection(command: string, lost = ""): RedisCommandError {
  const why = lost === "" ? "" : `: ${lost}`;
  return new RedisCommandError(command, "connection", `no connection to Redis${why}`);
}

/** Messages of the client library about its internals, with plain replacements. */
const LIBRARY_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^All sentinels are unreachable.*?(?=$|\.? Last error: )/, "no Sentinel answers"],
  [/^(Failed to refresh slots cache|None of startup nodes is available)\.?/, "no node of the Cluster answers"],
  [
    /^Socket timeout\. Expecting data, but didn't receive any in (\d+)ms\./,
    "no answer on an open connection for $1 ms",
  ],
  [/^Connection is closed\./, "closed"],
  [/^Reached the max retries per request limit.*/, ""],
  [/\.? Last error: /, ": "],
];

/** The reason why a connection failed. @param error from the `error` event of the client library */
export function connectionFailure(error: unknown): string {
  const text = LIBRARY_TEXTS.reduce((found, [pattern, meaning]) => found.replace(pattern, meaning), messageOf(error));
  const { lastNodeError } = error as { lastNodeError?: unknown };
  return lastNodeError === undefined ? text : `${text}: ${connectionFailure(lastNodeError)}`;
}

/** The kind of failure of a Redis command. */
export function redisErrorKind(error: unknown): RedisErrorKind {
  if (error instanceof RedisCommandError) return error.kind;
  const message = messageOf(error);
  for (const [pattern, kind] of PATTERNS) if (pattern.test(message)) return kind;
  return error instanceof Error && error.name === "ReplyError" ? "reply" : "connection";
}

/** True if the command may have taken effect although it failed. */
export function isAmbiguous(kind: RedisErrorKind): boolean {
  return kind === "timeout" || kind === "connection";
}

/** True if Redis cannot execute the command at the moment. False for a bug, in the command or elsewhere. */
export function isUnavailable(error: unknown): error is RedisCommandError {
  return error instanceof RedisCommandError && error.kind !== "reply";
}
