/**
 * Every Redis command that the service uses: its ACL user needs these, on the keys of its prefix, and nothing else. The
 * ACL file of the stack and the start-up self-check are made from this list.
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
 * Commands of newer releases that are used where the server has them and the user may: to be granted there only, since
 * an ACL rule about a command that the server does not know is an error.
 */
export const OPTIONAL_COMMANDS = ["xackdel"] as const;

/**
 * ACL rules that turn the default user off without losing data. No client can log in as it, and yet it may do everything:
 * when Redis loads its append-only file it checks the transactions in it, which every script writes, against the rights
 * of the default user. Of one with none it drops them, that is, every queue and every result, with nothing but lines in
 * its log. Releases before the fix of https://github.com/redis/redis/issues/14541 do; Redis 7.0 and 8.0 are among them.
 */
export const DEFAULT_USER_OFF = ["off", "resetpass", "~*", "&*", "+@all"] as const;

/**
 * ACL rules for a user of the service.
 *
 * @param prefix key prefix
 * @param optional those of the optional commands that the server knows
 */
export function aclRules(prefix: string, optional: readonly (typeof OPTIONAL_COMMANDS)[number][] = []): string[] {
  const commands = [...REQUIRED_COMMANDS, ...optional].map((command) => `+${command}`);
  return ["resetkeys", `~${prefix}:*`, "resetchannels", "-@all", ...commands];
}
