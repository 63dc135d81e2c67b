import { z } from "zod";
import { decimal, taskOverrides, url, wholeNumber } from "./parsers.ts";
import { bytes, durationMs, type Section, text } from "./setting.ts";

/** Settings of the tasks: how they run, how they are delivered, how many are let in, whom they call. */

export const tasks = {
  HANDLERS: {
    schema: text,
    fallback: "",
    about: "Module (a path) whose task handlers are added to the built-in ones, or replace them.",
  },
  TASK_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "30000",
    about: "A handler that runs longer is aborted through its AbortSignal.",
  },
  TASK_ABORT_GRACE_MS: {
    schema: durationMs,
    fallback: "5000",
    about:
      "A handler that goes on for this long after it was aborted gets its worker killed, counted as `unresponsive`.",
  },
  MAX_ATTEMPTS: {
    schema: wholeNumber(1, 100),
    fallback: "8",
    about:
      "Attempts before a task goes to the dead letter queue. With the pauses between them, 1.5 to 3 minutes by default, they outlive a short outage.",
  },
  RETRY_BASE_MS: {
    schema: durationMs,
    fallback: "2000",
    about: "First retry after half of this time to all of it, at random; doubles with every attempt.",
  },
  RETRY_CAP_MS: { schema: durationMs, fallback: "60000", about: "Cap of that time." },
  TASK_OVERRIDES: {
    schema: taskOverrides,
    fallback: "{}",
    about: 'Per type, as JSON: `{"ml":{"timeoutMs":60000,"maxAttempts":5}}`.',
  },
  RESULT_TTL_SECONDS: {
    schema: wholeNumber(0, 2_592_000),
    fallback: "3600",
    about: "How long a result can be read; 0 keeps none.",
  },
  MAX_RESULT_BYTES: { schema: bytes(1), fallback: "1048576", about: "Largest result; a larger one fails its task." },
} as const satisfies Section;

export const delivery = {
  BLOCK_MS: {
    schema: durationMs,
    fallback: "5000",
    about:
      "A poll of an empty queue waits this long in Redis. Finite, so that a dead connection shows; long, for polls are most of what an idle worker does.",
  },
  ORPHAN_RECOVERY_INTERVAL_MS: {
    schema: durationMs,
    fallback: "30000",
    about: "The runbook's orphan recovery interval.",
  },
  ORPHAN_MIN_IDLE_MS: {
    schema: durationMs,
    fallback: "60000",
    about: "An entry that is idle for this long is an orphan and is claimed.",
  },
  LEASE_INTERVAL_MS: {
    schema: durationMs,
    fallback: "10000",
    about:
      "How often the main process marks the entries of its live workers as touched, so that long tasks are not stolen.",
  },
  DELIVERY_LIMIT: {
    schema: wholeNumber(1, 1000),
    fallback: "5",
    about:
      "A task whose worker process died this often while it ran goes to the dead letter queue as `poison`. Restarts and drained workers do not count.",
  },
  ACK_BACKOFF_MS: {
    schema: durationMs,
    fallback: "200",
    about: "Pause between two attempts to acknowledge, with jitter.",
  },
  PROMOTE_INTERVAL_MS: {
    schema: durationMs,
    fallback: "5000",
    about:
      "Retries and delayed tasks are moved into their queue when they are due; how often the service looks for unannounced ones, such as the retries of a replica that is gone.",
  },
  JANITOR_INTERVAL_MS: {
    schema: durationMs,
    fallback: "60000",
    about:
      "How often consumers of replicas that are gone are removed, and dead letters beyond their limits are discarded.",
  },
} as const satisfies Section;

export const load = {
  DLQ_MAX_ENTRIES: {
    schema: wholeNumber(1, 10_000_000),
    fallback: "100000",
    about: "Dead letters above this are discarded, the oldest first, and counted.",
  },
  DLQ_MAX_AGE_SECONDS: {
    schema: wholeNumber(60, 31_536_000),
    fallback: "2592000",
    about: "Dead letters older than this are discarded, and counted; 30 days.",
  },
  MAX_QUEUE_DEPTH: {
    schema: wholeNumber(1, 100_000_000),
    fallback: "100000",
    about: "Deepest queue; more is refused with 503.",
  },
  REDIS_MEMORY_CEILING: {
    schema: decimal(0.01, 1),
    fallback: "0.8",
    about: "Share of maxmemory above which submissions are refused with 503; the runbook calls 80 % critical.",
  },
  RATE_LIMIT_PER_SECOND: {
    schema: decimal(0, 1_000_000),
    fallback: "0",
    about: "Sustained rate of submissions over all replicas; 0 means no limit. The admin switch overrides it.",
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
    about: "Model that it is asked for.",
  },
  CHAT_API_KEY_FILE: { schema: text, fallback: "", secret: true, about: "File with its API key." },
  MARKET_BASE_URL: {
    schema: url("http", "https"),
    fallback: "https://api.bybit.com",
    about: "Bybit v5 market API of `ml`.",
  },
  UPSTREAM_TIMEOUT_MS: { schema: durationMs, fallback: "10000", about: "One request; a retry gets it anew." },
  UPSTREAM_RETRIES: {
    schema: wholeNumber(0, 10),
    fallback: "1",
    about: "Quick retries of one request, within one attempt of the task.",
  },
  UPSTREAM_MAX_CONCURRENT: {
    schema: wholeNumber(1, 10_000),
    fallback: "64",
    about: "Requests of one worker to one upstream at a time.",
  },
  UPSTREAM_BREAKER_CONSECUTIVE_FAILURES: {
    schema: wholeNumber(1, 1_000),
    fallback: "5",
    about:
      "Failures in a row, over all workers of a replica, that open the circuit breaker. With no more than MAX_ATTEMPTS even a lone task keeps an attempt.",
  },
  UPSTREAM_BREAKER_FAILURE_RATIO: {
    schema: decimal(0.01, 0.99),
    fallback: "0.5",
    about: "Share of a worker's failed requests that opens it as well.",
  },
  UPSTREAM_BREAKER_WINDOW_MS: { schema: durationMs, fallback: "10000", about: "Time over which that share is taken." },
  UPSTREAM_BREAKER_MIN_PER_SECOND: {
    schema: decimal(0, 100_000),
    fallback: "5",
    about: "Requests per second of a worker below which that share proves nothing.",
  },
  UPSTREAM_BREAKER_RESET_MS: {
    schema: durationMs,
    fallback: "5000",
    about: "An open breaker lets one request through after this long.",
  },
  UPSTREAM_CACHE_MAX_AGE_MS: {
    schema: wholeNumber(0, 86_400_000),
    fallback: "300000",
    about: "While a breaker is open, an answer not older than this serves as a degraded one; 0 is never.",
  },
} as const satisfies Section;
