import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { contradictionsIn } from "./config/contradictions.ts";
import { SETTINGS, type SettingValues } from "./config/settings.ts";
import { ConfigError, messageOf } from "./errors.ts";
import { isLoopbackName } from "./loopback.ts";

/** The complete, validated configuration. */
export type Config = ReturnType<typeof structure>;
export type AllowedHosts = "any" | "loopback" | readonly string[];

/** Shorter names are not checked for typos: too many correct variables are similar, such as HOME and HOST. */
const MIN_CHECKED_LENGTH = 8;
const MAX_TYPOS = 2;

/**
 * Reads the configuration from environment variables. No other code reads the environment.
 *
 * @throws ConfigError with all problems: invalid values, misspelled names, unreadable secret files, and valid values that
 *   contradict each other
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const problems = misspelled(environment);
  const values: Record<string, unknown> = {};
  const secrets: Record<string, string> = {};
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const given = environment[name];
    const parsed = setting.schema.safeParse(given === undefined || given === "" ? setting.fallback : given);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) {
        const place = issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
        // A URL may contain a password, and problems are logged.
        const shown = name.endsWith("_URL") ? "" : `, not ${JSON.stringify(given)}`;
        problems.push(`${name}${place}: ${issue.message}${shown}`);
      }
      continue;
    }
    values[name] = parsed.data;
    if ("secret" in setting && parsed.data !== "") {
      try {
        secrets[name] = readSecret(String(parsed.data), setting.secret);
      } catch (error) {
        problems.push(`${name}: ${messageOf(error)}`);
      }
    }
  }
  problems.push(...contradictionsIn(values));
  if (problems.length > 0) throw new ConfigError(problems);
  return structure(values as SettingValues, secrets);
}

function readSecret(path: string, kind: true | "bearer"): string {
  const secret = readFileSync(path, "utf8").trim();
  if (secret === "") throw new Error(`${path} is empty`);
  if (kind === "bearer" && /\s/.test(secret)) {
    throw new Error(`${path} has a space or a line break inside, which a bearer token cannot have`);
  }
  return secret;
}

function misspelled(environment: NodeJS.ProcessEnv): string[] {
  const known = Object.keys(SETTINGS);
  return Object.keys(environment).flatMap((name) => {
    if (name in SETTINGS || name.length < MIN_CHECKED_LENGTH) return [];
    const meant = known.find((candidate) => isWithinEdits(candidate, name, MAX_TYPOS));
    return meant === undefined ? [] : [`${name}: no such setting; did you mean ${meant}?`];
  });
}

/** True if two texts differ in at most this many missing, extra or wrong letters. */
function isWithinEdits(one: string, other: string, edits: number): boolean {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const [a, b] = [one.slice(same), other.slice(same)];
  if (a === "" || b === "") return a.length + b.length <= edits;
  if (edits === 0) return false;
  return [
    [a.slice(1), b],
    [a, b.slice(1)],
    [a.slice(1), b.slice(1)],
  ].some(([x = "", y = ""]) => isWithinEdits(x, y, edits - 1));
}

/** The host name, limited to the characters of INSTANCE_ID. */
function hostName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9_-]/g, "-")
      .slice(0, 64) || "replica"
  );
}

/** Undefined for an empty text. */
function optional(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** The host names under which the API answers: `loopback` names, `any`, or a list. */
function allowedHosts(listed: readonly string[], host: string): AllowedHosts {
  if (listed.includes("*")) return "any";
  if (listed.length > 0) return listed;
  return isLoopbackName(host) ? "loopback" : "any";
}

function structure(s: SettingValues, secrets: Record<string, string>) {
  return {
    keyPrefix: s.KEY_PREFIX,
    instance: optional(s.INSTANCE_ID) ?? hostName(),
    handlers: s.HANDLERS,
    shutdownTimeoutMs: s.SHUTDOWN_TIMEOUT_MS,
    shutdownDelayMs: s.SHUTDOWN_DELAY_MS,
    http: {
      host: s.HOST,
      port: s.PORT,
      adminToken: secrets.ADMIN_TOKEN_FILE,
      adminWithoutToken: s.ADMIN_WITHOUT_TOKEN,
      allowedHosts: allowedHosts(s.ALLOWED_HOSTS, s.HOST),
      maxPayloadBytes: s.MAX_PAYLOAD_BYTES,
    },
    redis: {
      url: s.REDIS_URL,
      username: optional(s.REDIS_USERNAME),
      password: secrets.REDIS_PASSWORD_FILE,
      sentinels: s.REDIS_SENTINELS,
      sentinelName: s.REDIS_SENTINEL_NAME,
      sentinelUsername: optional(s.REDIS_SENTINEL_USERNAME),
      sentinelPassword: secrets.REDIS_SENTINEL_PASSWORD_FILE,
      clusterNodes: s.REDIS_CLUSTER_NODES,
      tls: {
        ca: secrets.REDIS_TLS_CA_FILE,
        cert: secrets.REDIS_TLS_CERT_FILE,
        key: secrets.REDIS_TLS_KEY_FILE,
        servername: optional(s.REDIS_TLS_SERVER_NAME),
      },
      wait:
        s.REDIS_WAIT_REPLICAS === 0 ? undefined : { count: s.REDIS_WAIT_REPLICAS, timeoutMs: s.REDIS_WAIT_TIMEOUT_MS },
      connectTimeoutMs: s.REDIS_CONNECT_TIMEOUT_MS,
      commandTimeoutMs: s.REDIS_COMMAND_TIMEOUT_MS,
    },
    workers: {
      perType: s.WORKERS_PER_TYPE,
      concurrency: s.WORKER_CONCURRENCY,
      memoryLimitBytes: s.WORKER_MEMORY_LIMIT_BYTES,
      nice: s.WORKER_NICE,
      restartMinMs: s.WORKER_RESTART_MIN_MS,
      restartMaxMs: s.WORKER_RESTART_MAX_MS,
      unresponsiveMs: s.WORKER_UNRESPONSIVE_MS,
      startTimeoutMs: s.WORKER_START_TIMEOUT_MS,
      heartbeatIntervalMs: s.HEARTBEAT_INTERVAL_MS,
    },
    autoscale: {
      enabled: s.AUTOSCALE,
      minWorkers: s.AUTOSCALE_MIN_WORKERS,
      maxWorkers: s.AUTOSCALE_MAX_WORKERS,
      lagPerWorker: s.AUTOSCALE_LAG_PER_WORKER,
      intervalMs: s.AUTOSCALE_INTERVAL_MS,
    },
    tasks: {
      timeoutMs: s.TASK_TIMEOUT_MS,
      abortGraceMs: s.TASK_ABORT_GRACE_MS,
      maxAttempts: s.MAX_ATTEMPTS,
      retryBaseMs: s.RETRY_BASE_MS,
      retryCapMs: s.RETRY_CAP_MS,
      overrides: s.TASK_OVERRIDES,
      resultTtlSeconds: s.RESULT_TTL_SECONDS,
      maxResultBytes: s.MAX_RESULT_BYTES,
    },
    delivery: {
      blockMs: s.BLOCK_MS,
      orphanRecoveryIntervalMs: s.ORPHAN_RECOVERY_INTERVAL_MS,
      orphanMinIdleMs: s.ORPHAN_MIN_IDLE_MS,
      leaseIntervalMs: s.LEASE_INTERVAL_MS,
      deliveryLimit: s.DELIVERY_LIMIT,
      ackBackoffMs: s.ACK_BACKOFF_MS,
      promoteIntervalMs: s.PROMOTE_INTERVAL_MS,
      janitorIntervalMs: s.JANITOR_INTERVAL_MS,
    },
    deadLetters: { maxEntries: s.DLQ_MAX_ENTRIES, maxAgeSeconds: s.DLQ_MAX_AGE_SECONDS },
    load: {
      maxQueueDepth: s.MAX_QUEUE_DEPTH,
      redisMemoryCeiling: s.REDIS_MEMORY_CEILING,
      rateLimitPerSecond: s.RATE_LIMIT_PER_SECOND,
    },
    upstreams: {
      chat: { baseUrl: s.CHAT_BASE_URL, model: s.CHAT_MODEL, apiKey: secrets.CHAT_API_KEY_FILE },
      market: { baseUrl: s.MARKET_BASE_URL },
      timeoutMs: s.UPSTREAM_TIMEOUT_MS,
      retries: s.UPSTREAM_RETRIES,
      maxConcurrent: s.UPSTREAM_MAX_CONCURRENT,
      breaker: {
        consecutiveFailures: s.UPSTREAM_BREAKER_CONSECUTIVE_FAILURES,
        failureRatio: s.UPSTREAM_BREAKER_FAILURE_RATIO,
        windowMs: s.UPSTREAM_BREAKER_WINDOW_MS,
        minPerSecond: s.UPSTREAM_BREAKER_MIN_PER_SECOND,
        resetMs: s.UPSTREAM_BREAKER_RESET_MS,
      },
      cacheMaxAgeMs: s.UPSTREAM_CACHE_MAX_AGE_MS,
    },
    log: { level: s.LOG_LEVEL, file: s.LOG_FILE, fileMaxBytes: s.LOG_FILE_MAX_BYTES, filesKept: s.LOG_FILES_KEPT },
  };
}
