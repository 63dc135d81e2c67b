import { messageOf } from "../errors.ts";
import { parseInfo } from "../redis/info.ts";
import { redisErrorKind } from "../redis/redisError.ts";
import { serverReleaseOf } from "../redis/serverRelease.ts";
import { judgeVersion } from "./redisVersion.ts";

/** The part of a Redis client that the checks need. */
export type CheckedRedis = {
  ping(): Promise<string>;
  info(...sections: string[]): Promise<string>;
  time(): Promise<(string | number)[]>;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  set(key: string, value: string, unit: "PX", milliseconds: number): Promise<unknown>;
};

/** Outcome of one check, as `/readyz` returns it. */
export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** True for a check that does not affect readiness. */
  readonly advisory?: boolean;
};

export type SelfCheckOptions = {
  /** A key of the service. In a Cluster it selects the node. */
  readonly key: string;
  /** A key that a check may write. */
  readonly probeKey: string;
  /** Commands that the ACL user needs, such as `xack` or `xgroup|create`. */
  readonly requiredCommands: readonly string[];
  /** Epoch milliseconds. */
  readonly now: () => number;
};

/** Expiry of the key of the write check. */
const PROBE_TTL_MS = 60_000;

/** Bounded because latencies and due times are computed from both clocks. */
const MAX_CLOCK_SKEW_MS = 1_000;

/**
 * Tests the rights of the user in Redis itself, which needs only the right to run scripts. Each command gets a key of the
 * service for all its arguments, because Redis 7.0 searches them for keys without checking their number. Redis 8.0 and newer
 * reject a wrong number of arguments, so smaller numbers are tried too.
 */
const DENIED_COMMANDS = `#!lua flags=no-writes
local denied = {}
for _, name in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(name, '[^|]+') do words[#words + 1] = string.upper(word) end
  for _ = 1, 8 do words[#words + 1] = KEYS[1] end
  local known, allowed
  repeat
    known, allowed = pcall(redis.acl_check_cmd, unpack(words))
  until known or table.remove(words) ~= KEYS[1]
  if known and not allowed then denied[#denied + 1] = name end
end
return denied`;

/**
 * Checks all properties of Redis on which the service relies. Never throws: a check that cannot run counts as failed.
 */
export async function selfCheck(redis: CheckedRedis, options: SelfCheckOptions): Promise<Check[]> {
  const ping = await attempt("redis", async () => {
    await redis.ping();
    return ok("answers");
  });
  if (!ping.ok) return [ping];
  const reads = await Promise.all([
    attempt("redis version", async () => checkVersion(await redis.info("server"))),
    attempt("maxmemory-policy", async () => checkPolicy(await redis.info("memory"))),
    attempt("clock skew", () => checkClock(redis, options.now)),
    attempt("redis permissions", () => checkPermissions(redis, options)),
  ]);
  // Last, because the client reconnects if this write shows that the server is a replica.
  const write = await attempt("redis writes", () => checkWrite(redis, options.probeKey));
  return [ping, write, ...reads];
}

type Outcome = { readonly ok: boolean; readonly detail: string };

async function attempt(name: string, check: () => Promise<Outcome>): Promise<Check> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) };
  }
}

/** A server may answer PING and reads but reject writes: a replica, a full Redis, or one that misses its own replicas. */
async function checkWrite(redis: CheckedRedis, key: string): Promise<Outcome> {
  try {
    await redis.set(key, "1", "PX", PROBE_TTL_MS);
    return ok("accepted");
  } catch (error) {
    return failed(`rejected (${redisErrorKind(error)}): ${messageOf(error)}`);
  }
}

function checkVersion(info: string): Outcome {
  const { enough, detail } = judgeVersion(serverReleaseOf(parseInfo(info)));
  return { ok: enough, detail };
}

function checkPolicy(info: string): Outcome {
  const policy = field(info, "maxmemory_policy");
  return policy === "noeviction"
    ? ok(policy)
    : failed(`${policy ?? "unknown"}; must be noeviction, because any other policy evicts whole queues`);
}

async function checkClock(redis: CheckedRedis, now: () => number): Promise<Outcome> {
  const before = now();
  const [seconds, microseconds] = (await redis.time()).map(Number);
  const after = now();
  const theirs = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  // Redis answered at some time between `before` and `after`. A time outside of them is skew.
  const skewMs = Math.round(theirs < before ? theirs - before : Math.max(0, theirs - after));
  const detail = `${skewMs} ms against Redis`;
  return Math.abs(skewMs) <= MAX_CLOCK_SKEW_MS
    ? ok(detail)
    : failed(`${detail}; must be at most ${MAX_CLOCK_SKEW_MS} ms`);
}

async function checkPermissions(redis: CheckedRedis, options: SelfCheckOptions): Promise<Outcome> {
  const denied = (await redis.eval(DENIED_COMMANDS, 1, options.key, ...options.requiredCommands)) as string[];
  return denied.length === 0 ? ok("complete, scripts run") : failed(`the ACL user lacks ${denied.join(", ")}`);
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
}

function ok(detail: string): Outcome {
  return { ok: true, detail };
}

function failed(detail: string): Outcome {
  return { ok: false, detail };
}
