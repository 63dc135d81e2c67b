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
  // Records, retries, books, switches, heartbeats
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
  "script|load",
  "time",
  "info",
  "ping",
  "auth",
  "select",
  "client|setname",
  "client|id",
  "config|get",
  "acl|whoami",
  "acl|dryrun",
  "cluster|slots",
  "cluster|nodes",
  "cluster|info",
] as const;

/** ACL rules for a user of the service. @param prefix key prefix */
export function aclRules(prefix: string): string[] {
  return ["resetkeys", `~${prefix}:*`, "resetchannels", "-@all", ...REQUIRED_COMMANDS.map((command) => `+${command}`)];
}
