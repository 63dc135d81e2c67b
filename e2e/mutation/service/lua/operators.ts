/** Redis commands and likely mistakes for them. Both accept the same arguments, or Redis rejects the command. */
export const COMMAND_SWAPS: Readonly<Record<string, readonly string[]>> = {
  DEL: ["EXISTS"],
  EXPIRE: ["PEXPIRE"],
  GET: ["GETDEL"],
  HGET: ["HEXISTS"],
  HINCRBY: ["HSET"],
  HMGET: ["HGETALL"],
  HSET: ["HSETNX"],
  SET: ["SETNX", "APPEND"],
  XACK: ["XDEL"],
  XDEL: ["XACK"],
  XLEN: ["EXISTS"],
  XRANGE: ["XREVRANGE"],
  ZADD: ["ZINCRBY"],
  ZCARD: ["EXISTS"],
  ZRANGEBYSCORE: ["ZREVRANGEBYSCORE"],
  ZREM: ["ZSCORE"],
};

/** Options without a value: Redis accepts the command without them. */
export const FLAG_OPTIONS: ReadonlySet<string> = new Set(["FORCE", "JUSTID", "MKSTREAM", "NX", "XX", "WITHSCORES"]);

/** Options that are dropped together with their value; LIMIT has two. */
export const VALUE_OPTIONS: Readonly<Record<string, number>> = {
  COUNT: 1,
  EX: 1,
  IDLE: 1,
  LIMIT: 2,
  PX: 1,
  RETRYCOUNT: 1,
};

/** Commands whose arguments are pairs from this index on, counting the command as 0. A pair may be dropped. */
export const PAIRS_FROM: Readonly<Record<string, number>> = { HSET: 2, XADD: 3, ZADD: 2 };

/** Comparisons and likely mistakes for them. */
export const COMPARISON_SWAPS: Readonly<Record<string, readonly string[]>> = {
  "==": ["~="],
  "~=": ["=="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
};

/** Arithmetic operators and likely mistakes for them. */
export const ARITHMETIC_SWAPS: Readonly<Record<string, string>> = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*" };

/** Functions of the standard library and their opposites. */
export const FUNCTION_SWAPS: Readonly<Record<string, string>> = {
  "math.ceil": "math.floor",
  "math.floor": "math.ceil",
  "math.max": "math.min",
  "math.min": "math.max",
};
