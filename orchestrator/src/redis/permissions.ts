/**
 * Every Redis command that the service uses. Its ACL user needs exactly these, on the keys of its prefix. The ACL file of
 * the stack and the self-check at startup are derived from this list.
 */
export const REQUIRED_COMMANDS = [
  // Streams
  "xadd",
  "xrange",
  "xrevrange",
  "xlen",
  "xdel",
  "xreadgroup",
  "xack",
  "xpending",
  "xclaim",
  "xautoclaim",
  "xgroup|create",
  "xgroup|delconsumer",
  "xinfo|stream",
  "xinfo|groups",
  "xinfo|consumers",
  // Records, retries, task accounting, switches, heartbeats
  "get",
  "set",
  "del",
  "zadd",
  "zrem",
  "zcard",
  "zscore",
  "zrangebyscore",
  "hget",
  "hmget",
  "hset",
  "hdel",
  "hgetall",
  "hincrby",
  "hexists",
  "expire",
  // Scripts and the connection itself
  "evalsha",
  "eval",
  "time",
  "info",
  "ping",
  "auth",
  "select",
  "client|setname",
  "cluster|slots",
  "cluster|info",
] as const;

/**
 * Commands of newer releases. The service uses them if the server has them and the user may. Grant them only to such a
 * server: an ACL rule for an unknown command is an error.
 */
export const OPTIONAL_COMMANDS = ["xackdel"] as const;

/** Sent only if REDIS_WAIT_REPLICAS is set. */
const WAIT = "wait";

/** Settings and server properties that determine the rights of the service. */
export type RightsOptions = {
  /** True if REDIS_WAIT_REPLICAS is set. */
  readonly waits?: boolean;
  /** The optional commands that the server has. */
  readonly optional?: readonly (typeof OPTIONAL_COMMANDS)[number][];
};

/** The commands that the service needs with these settings. */
export function requiredCommands({ waits = false }: Pick<RightsOptions, "waits"> = {}): readonly string[] {
  return waits ? [...REQUIRED_COMMANDS, WAIT] : REQUIRED_COMMANDS;
}

/**
 * ACL rules that turn the default user off without data loss. No client can log in as this user, but it keeps all rights.
 * When Redis loads its append-only file, it checks the transactions in it against the rights of the default user; every
 * script writes such transactions. If the user has no rights, Redis drops them, so every queue and every result is lost
 * and only its log mentions it. Affected: releases before the fix of https://github.com/redis/redis/issues/14541, among
 * them Redis 7.0 and 8.0.
 */
export const DEFAULT_USER_OFF = ["off", "resetpass", "~*", "&*", "+@all"] as const;

/** ACL rules for the user of the service. @param prefix key prefix */
export function aclRules(prefix: string, options: RightsOptions = {}): string[] {
  const commands = [...requiredCommands(options), ...(options.optional ?? [])].map((command) => `+${command}`);
  return ["resetkeys", `~${prefix}:*`, "resetchannels", "-@all", ...commands];
}
