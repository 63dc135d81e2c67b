import { messageOf } from "../errors.ts";

/**
 * What a failed command tells about its effect:
 * - `noperm`, `oom`, `nogroup`, `noscript`, `busy`, `readonly`, `reply`: the server answered; nothing was done
 *   (`reply` is any other error answer).
 * - `timeout`, `connection`: it is not known whether it was done.
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
  // Redis 7.0 reports a denied command in a script as a plain ERR with this text.
  [/^NOPERM|can't run this command or subcommand|has no permissions/i, "noperm"],
  [/^OOM/, "oom"],
  // A reader blocked on a stream that is deleted gets UNBLOCKED.
  [/^NOGROUP|^UNBLOCKED|no such key/i, "nogroup"],
  [/^NOSCRIPT/, "noscript"],
  [/^(BUSY|LOADING|TRYAGAIN|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|MISCONF)\b/, "busy"],
  [/^READONLY/, "readonly"],
  [/timed? ?out/i, "timeout"],
];

/** Tells the kinds of failure of a Redis command apart. */
export function redisErrorKind(error: unknown): RedisErrorKind {
  const message = messageOf(error);
  for (const [pattern, kind] of PATTERNS) if (pattern.test(message)) return kind;
  return error instanceof Error && error.name === "ReplyError" ? "reply" : "connection";
}

/** True when the command may have been carried out although it failed here. */
export function isAmbiguous(kind: RedisErrorKind): boolean {
  return kind === "timeout" || kind === "connection";
}

const CLIENT_ERRORS: ReadonlySet<string> = new Set([
  "ReplyError",
  "MaxRetriesPerRequestError",
  "ClusterAllFailedError",
]);
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
]);
/** The client has plain errors for these. */
const CLIENT_MESSAGES =
  /^(Connection is closed|Command timed out|Stream isn't writeable|All sentinels are unreachable|None of startup nodes)/;

/** True for an error that comes from Redis or the connection to it, false for anything else, such as a bug. */
export function isRedisFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (
    CLIENT_ERRORS.has(error.name) ||
    (typeof code === "string" && CONNECTION_CODES.has(code)) ||
    CLIENT_MESSAGES.test(error.message)
  );
}
