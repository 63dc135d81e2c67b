import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { distance } from "fastest-levenshtein";
import { SETTINGS, type SettingValues } from "./config/settings.ts";
import { ConfigError, messageOf } from "./errors.ts";
import { isLoopbackName } from "./loopback.ts";

/** The configuration of the service, complete and consistent. Durations end in their unit. */
export type Config = ReturnType<typeof structure>;
export type AllowedHosts = "any" | "loopback" | readonly string[];
export type LogLevel = SettingValues["LOG_LEVEL"];

/** Names shorter than this have too many innocent neighbours (HOME and HOST) to call a slip a slip. */
const SHORTEST_CHECKED_NAME = 8;

/**
 * Reads the configuration from environment variables. The only place that reads the environment.
 *
 * @throws ConfigError that lists every problem: unreadable values, near misses of known names, unreadable secret
 *   files, settings that contradict each other
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
        // A URL may hold a password, and problems end up in logs.
        const shown = name.endsWith("_URL") ? "" : `, not ${JSON.stringify(given)}`;
        problems.push(`${name}${place}: ${issue.message}${shown}`);
      }
      continue;
    }
    values[name] = parsed.data;
    if ("secret" in setting && parsed.data !== "") {
      try {
        secrets[name] = readSecret(String(parsed.data));
      } catch (error) {
        problems.push(`${name}: ${messageOf(error)}`);
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const complete = values as SettingValues;
  const contradictions = contradictionsIn(complete);
  if (contradictions.length > 0) throw new ConfigError(contradictions);
  return structure(complete, secrets);
}

function readSecret(path: string): string {
  const secret = readFileSync(path, "utf8").trim();
  if (secret === "") throw new Error(`${path} is empty`);
  return secret;
}

function misspelled(environment: NodeJS.ProcessEnv): string[] {
  const known = Object.keys(SETTINGS);
  return Object.keys(environment).flatMap((name) => {
    if (name in SETTINGS || name.length < SHORTEST_CHECKED_NAME) return [];
    const meant = known.find((candidate) => distance(candidate, name) <= 2);
    return meant === undefined ? [] : [`${name}: no such setting; did you mean ${meant}?`];
  });
}

/** What each setting allows on its own and they do not allow together. */
function contradictionsIn(s: SettingValues): string[] {
  const problems: string[] = [];
  const check = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem);
  };
  check(
    s.ORPHAN_MIN_IDLE_MS > 2 * s.LEASE_INTERVAL_MS,
    `ORPHAN_MIN_IDLE_MS (${s.ORPHAN_MIN_IDLE_MS}) must be more than twice LEASE_INTERVAL_MS (${s.LEASE_INTERVAL_MS}), or tasks of healthy workers are taken over`,
  );
  check(
    s.ORPHAN_MIN_IDLE_MS > s.BLOCK_MS + s.REDIS_COMMAND_TIMEOUT_MS,
    `ORPHAN_MIN_IDLE_MS (${s.ORPHAN_MIN_IDLE_MS}) must exceed BLOCK_MS + REDIS_COMMAND_TIMEOUT_MS, or entries are orphans before their reader got them`,
  );
  const overrides = Object.entries(s.TASK_OVERRIDES);
  const longestTaskMs = Math.max(s.TASK_TIMEOUT_MS, ...overrides.map(([, { timeoutMs }]) => timeoutMs ?? 0));
  check(
    s.WORKER_UNRESPONSIVE_MS > longestTaskMs,
    `WORKER_UNRESPONSIVE_MS (${s.WORKER_UNRESPONSIVE_MS}) must exceed the longest task time-out (${longestTaskMs}), or a worker is killed before it can abort its task`,
  );
  check(
    s.WORKER_UNRESPONSIVE_MS > 3 * s.HEARTBEAT_INTERVAL_MS,
    `WORKER_UNRESPONSIVE_MS (${s.WORKER_UNRESPONSIVE_MS}) must exceed three times HEARTBEAT_INTERVAL_MS (${s.HEARTBEAT_INTERVAL_MS}), or one late heartbeat kills a worker`,
  );
  check(
    s.WORKER_RESTART_MAX_MS >= s.WORKER_RESTART_MIN_MS,
    "WORKER_RESTART_MAX_MS must not be less than WORKER_RESTART_MIN_MS",
  );
  check(s.RETRY_CAP_MS >= s.RETRY_BASE_MS, "RETRY_CAP_MS must not be less than RETRY_BASE_MS");
  check(
    s.AUTOSCALE_MAX_WORKERS >= s.AUTOSCALE_MIN_WORKERS,
    "AUTOSCALE_MAX_WORKERS must not be less than AUTOSCALE_MIN_WORKERS",
  );
  const sentinel = s.REDIS_SENTINELS.length > 0;
  const cluster = s.REDIS_CLUSTER_NODES.length > 0;
  check(!(sentinel && cluster), "REDIS_SENTINELS and REDIS_CLUSTER_NODES exclude each other");
  check(
    sentinel === (s.REDIS_SENTINEL_NAME !== ""),
    "REDIS_SENTINELS and REDIS_SENTINEL_NAME belong together: give both or none",
  );
  check(
    s.REDIS_WAIT_REPLICAS === 0 || s.REDIS_WAIT_TIMEOUT_MS < s.REDIS_COMMAND_TIMEOUT_MS,
    "REDIS_WAIT_TIMEOUT_MS must be less than REDIS_COMMAND_TIMEOUT_MS, or a connection is given up while it waits",
  );
  check(
    s.REDIS_WAIT_REPLICAS === 0 || !cluster,
    "REDIS_WAIT_REPLICAS does not work with REDIS_CLUSTER_NODES: set min-replicas-to-write on its nodes",
  );
  check(
    (s.REDIS_TLS_CERT_FILE === "") === (s.REDIS_TLS_KEY_FILE === ""),
    "REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE belong together: give both or none",
  );
  const tls = ["REDIS_TLS_CA_FILE", "REDIS_TLS_CERT_FILE", "REDIS_TLS_SERVER_NAME"] as const;
  for (const setting of tls) {
    check(
      s[setting] === "" || s.REDIS_URL.startsWith("rediss:"),
      `${setting} needs a REDIS_URL that starts with rediss://`,
    );
  }
  const sentinelOnly = ["REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD_FILE"] as const;
  for (const setting of sentinelOnly) check(s[setting] === "" || sentinel, `${setting} needs REDIS_SENTINELS`);
  check(
    !(s.ADMIN_WITHOUT_TOKEN && s.ADMIN_TOKEN_FILE !== ""),
    "ADMIN_WITHOUT_TOKEN and ADMIN_TOKEN_FILE exclude each other",
  );
  check(
    !cluster || /\{[^{}]+\}/.test(s.KEY_PREFIX),
    `KEY_PREFIX (${s.KEY_PREFIX}) must hold a hash tag such as {mcp} in a Redis Cluster, or the keys land in different slots`,
  );
  return problems;
}

/** The name of this host in the alphabet of INSTANCE_ID. */
function hostName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9_-]/g, "-")
      .slice(0, 64) || "replica"
  );
}

/** Empty is not set. */
function optional(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** What the API answers to: `loopback` names, all of them (`any`), or those that are listed. */
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
