import { z } from "zod";
import { decimal, taskOverrides, url, wholeNumber } from "./parsers.ts";
import { bytes, durationMs, type Section, text } from "./setting.ts";

/** Settings of tasks: execution, delivery, load protection, upstreams. */

export const tasks = {
  HANDLERS: {
    schema: text,
    fallback: "",
    about: "Path of a module with task handlers, which extend or replace the built-in ones.",
  },
  TASK_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "30000",
    about: "A handler that runs longer is aborted through its AbortSignal.",
  },
  TASK_ABORT_GRACE_MS: {
    schema: durationMs,
    fallback: "5000",
    about: "If a handler continues this long after its abort, its worker is killed and counted as `unresponsive`.",
  },
  MAX_ATTEMPTS: {
    schema: wholeNumber(1, 100),
    fallback: "8",
    about: "Attempts before a task goes to the dead letter queue: 1.5 to 3 minutes with the defaults.",
  },
  RETRY_BASE_MS: {
    schema: durationMs,
    fallback: "2000",
    about: "Backoff before the first retry; doubles with each attempt. The pause is a random 50 to 100 % of it.",
  },
  RETRY_CAP_MS: { schema: durationMs, fallback: "60000", about: "Cap of the backoff." },
  TASK_OVERRIDES: {
    schema: taskOverrides,
    fallback: "{}",
    about: 'Per type, as JSON: `{"ml":{"timeoutMs":60000,"maxAttempts":5}}`.',
  },
  RESULT_TTL_SECONDS: {
    schema: wholeNumber(0, 2_592_000),
    fallback: "3600",
    about: "How long a result is kept; 0: not at all.",
  },
  MAX_RESULT_BYTES: {
    schema: bytes(1),
    fallback: "1048576",
    about: "Size limit of a result. A task with a larger one fails.",
  },
} as const satisfies Section;

export const delivery = {
  BLOCK_MS: {
    schema: durationMs,
    fallback: "5000",
    about: "How long a poll of an empty queue waits in Redis.",
  },
  ORPHAN_RECOVERY_INTERVAL_MS: {
    schema: durationMs,
    fallback: "30000",
    about: "How often workers look for orphans.",
  },
  ORPHAN_MIN_IDLE_MS: {
    schema: durationMs,
    fallback: "60000",
    about: "A pending entry that is idle for this long is an orphan and is claimed.",
  },
  LEASE_INTERVAL_MS: {
    schema: durationMs,
    fallback: "10000",
    about: "How often the main process renews the leases of live workers, so that long tasks are not claimed.",
  },
  DELIVERY_LIMIT: {
    schema: wholeNumber(1, 1000),
    fallback: "5",
    about:
      "A task during which its worker died this often goes to the dead letter queue as `poison`. Restarts of the service and drained workers do not count.",
  },
  ACK_BACKOFF_MS: {
    schema: durationMs,
    fallback: "200",
    about:
      "Pause before the second attempt to acknowledge; doubles before the third. The pause is a random 50 to 100 % of it.",
  },
  PROMOTE_INTERVAL_MS: {
    schema: durationMs,
    fallback: "5000",
    about:
      "How often due tasks without an announcement are found, such as those of an ended replica. Others move when they are due.",
  },
  JANITOR_INTERVAL_MS: {
    schema: durationMs,
    fallback: "60000",
    about: "How often consumers of ended replicas, and dead letters beyond their limits, are removed.",
  },
} as const satisfies Section;

export const load = {
  DLQ_MAX_ENTRIES: {
    schema: wholeNumber(1, 10_000_000),
    fallback: "100000",
    about: "Dead letters beyond this number are discarded, the oldest first.",
  },
  DLQ_MAX_AGE_SECONDS: {
    schema: wholeNumber(60, 31_536_000),
    fallback: "2592000",
    about: "Dead letters older than this are discarded. The default is 30 days.",
  },
  MAX_QUEUE_DEPTH: {
    schema: wholeNumber(1, 100_000_000),
    fallback: "100000",
    about: "Depth limit of a queue. Submissions beyond it are rejected with 503.",
  },
  REDIS_MEMORY_CEILING: {
    schema: decimal(0.01, 1),
    fallback: "0.8",
    about: "Share of maxmemory above which submissions are rejected with 503.",
  },
  RATE_LIMIT_PER_SECOND: {
    schema: decimal(0, 1_000_000),
    fallback: "0",
    about: "Tasks per second over all replicas; 0: no limit. The admin API overrides it.",
  },
} as const satisfies Section;

export const upstreams = {
  CHAT_BASE_URL: {
    schema: url("http", "https"),
    fallback: "https://api.perplexity.ai",
    about: "OpenAI-compatible API of `reasoning` and `codegen`.",
  },
  CHAT_MODEL: {
    schema: z.string().min(1, "must not be empty"),
    fallback: "sonar",
    about: "Model name for the chat API.",
  },
  CHAT_API_KEY_FILE: { schema: text, fallback: "", secret: "bearer", about: "File with the key of the chat API." },
  MARKET_BASE_URL: {
    schema: url("http", "https"),
    fallback: "https://api.bybit.com",
    about: "Bybit v5 market API of `ml`.",
  },
  UPSTREAM_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "10000",
    about: "Timeout of one request. A retry has its own.",
  },
  UPSTREAM_RETRIES: {
    schema: wholeNumber(0, 10),
    fallback: "1",
    about:
      "Quick retries of one request, within one attempt of the task: only after connection failures, if a repetition does no harm.",
  },
  UPSTREAM_MAX_CONCURRENT: {
    schema: wholeNumber(1, 10_000),
    fallback: "64",
    about: "Concurrent requests of one worker to one upstream.",
  },
  UPSTREAM_BREAKER_CONSECUTIVE_FAILURES: {
    schema: wholeNumber(1, 1_000),
    fallback: "5",
    about:
      "The circuit breaker opens after this many failures in a row, over all workers of a replica. Keep it at MAX_ATTEMPTS or below, or one task spends all its attempts.",
  },
  UPSTREAM_BREAKER_FAILURE_RATIO: {
    schema: decimal(0.01, 0.99),
    fallback: "0.5",
    about: "The circuit breaker also opens if this share of a worker's requests fails.",
  },
  UPSTREAM_BREAKER_WINDOW_MS: {
    schema: durationMs,
    fallback: "10000",
    about: "Window of that share.",
  },
  UPSTREAM_BREAKER_MIN_PER_SECOND: {
    schema: decimal(0, 100_000),
    fallback: "5",
    about: "The share counts only from this many requests per second of a worker.",
  },
  UPSTREAM_BREAKER_RESET_MS: {
    schema: durationMs,
    fallback: "5000",
    about: "An open circuit breaker allows one request after this time.",
  },
  UPSTREAM_CACHE_MAX_AGE_MS: {
    schema: wholeNumber(0, 86_400_000),
    fallback: "300000",
    about:
      "While a circuit breaker is open, cached answers up to this age are used and marked `degraded`; 0: no cache.",
  },
} as const satisfies Section;
