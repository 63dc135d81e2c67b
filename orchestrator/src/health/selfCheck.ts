import { messageOf } from "../errors.ts";
import { redisErrorKind } from "../redis/redisError.ts";
import { parseServerRelease } from "../redis/serverRelease.ts";
import { judgeVersion } from "./redisVersion.ts";

/** The little of a Redis client that the checks need; both ioredis clients have it. */
export type CheckedRedis = {
  ping(): Promise<string>;
  info(...sections: string[]): Promise<string>;
  time(): Promise<(string | number)[]>;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  set(key: string, value: string, unit: "PX", milliseconds: number): Promise<unknown>;
};

/** Outcome of one check, as `/readyz` tells it. */
export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** True for a check that says something and does not count to readiness. */
  readonly advisory?: boolean;
};

export type SelfCheckOptions = {
  /** A key of the service: in a Cluster it decides which node is asked. */
  readonly key: string;
  /** A key that a check may write. */
  readonly probeKey: string;
  /** Commands that the service's ACL user must be allowed, as `xack` or `xgroup|create`. */
  readonly requiredCommands: readonly string[];
  /** Epoch milliseconds. */
  readonly now: () => number;
};

/** The key of the write check goes by itself. */
const PROBE_TTL_MS = 60_000;

/** Latencies and due times are computed from both clocks. */
const MAX_CLOCK_SKEW_MS = 1_000;

/**
 * Asks Redis itself about our user: needs no right but to run scripts. Each command gets a key of ours in place of all
 * its arguments, since Redis 7.0 looks for keys among arguments without counting them.
 */
const DENIED_COMMANDS = `#!lua flags=no-writes
local denied = {}
for _, name in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(name, '[^|]+') do words[#words + 1] = string.upper(word) end
  for _ = 1, 8 do words[#words + 1] = KEYS[1] end
  local known, allowed = pcall(redis.acl_check_cmd, unpack(words))
  if known and not allowed then denied[#denied + 1] = name end
end
return denied`;

/**
 * Checks everything about Redis that the service relies on. Never throws: a check that cannot be made is one that
 * failed.
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
  // Last: a client that learns from it that this is a replica leaves the server.
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

/** Answers to PING and to reads say nothing about writes: a replica, a full Redis or one without its replicas refuses them. */
async function checkWrite(redis: CheckedRedis, key: string): Promise<Outcome> {
  try {
    await redis.set(key, "1", "PX", PROBE_TTL_MS);
    return ok("accepted");
  } catch (error) {
    return failed(`refused (${redisErrorKind(error)}): ${messageOf(error)}`);
  }
}

function checkVersion(info: string): Outcome {
  const { enough, detail } = judgeVersion(parseServerRelease(info));
  return { ok: enough, detail };
}

function checkPolicy(info: string): Outcome {
  const policy = field(info, "maxmemory_policy");
  return policy === "noeviction"
    ? ok(policy)
    : failed(`${policy ?? "unknown"}, but only noeviction loses no tasks: any other policy evicts whole queues`);
}

async function checkClock(redis: CheckedRedis, now: () => number): Promise<Outcome> {
  const before = now();
  const [seconds, microseconds] = (await redis.time()).map(Number);
  const after = now();
  const theirs = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  // Their answer was given at some time between the two of ours: what lies outside of that is skew.
  const skewMs = Math.round(theirs < before ? theirs - before : Math.max(0, theirs - after));
  const detail = `${skewMs} ms against Redis`;
  return Math.abs(skewMs) <= MAX_CLOCK_SKEW_MS ? ok(detail) : failed(`${detail}, at most ${MAX_CLOCK_SKEW_MS} will do`);
}

async function checkPermissions(redis: CheckedRedis, options: SelfCheckOptions): Promise<Outcome> {
  const denied = (await redis.eval(DENIED_COMMANDS, 1, options.key, ...options.requiredCommands)) as string[];
  return denied.length === 0 ? ok("all there, scripts run") : failed(`the ACL user lacks ${denied.join(", ")}`);
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
