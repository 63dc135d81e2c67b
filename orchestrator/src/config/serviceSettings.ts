import { z } from "zod";
import { flag, hostList, nameList, redisUrl, wholeNumber } from "./parsers.ts";
import { bytes, durationMs, name, type Section, text } from "./setting.ts";

/** Settings of the process: HTTP, Redis, workers, log. */

/** Limit of workers per type. Enough for any host, and protects it from a typo. */
export const MAX_WORKERS_PER_TYPE = 256;

export const http = {
  HOST: {
    schema: text,
    fallback: "127.0.0.1",
    about: "Address to listen on. The default accepts connections from this machine only.",
  },
  PORT: {
    schema: wholeNumber(0, 65_535),
    fallback: "8000",
    about: "Port of the API and of /metrics; 0 takes a free one.",
  },
  ADMIN_TOKEN_FILE: {
    schema: text,
    fallback: "",
    secret: "bearer",
    about: "File with the bearer token of the admin endpoints. Without it they reject every request.",
  },
  ADMIN_WITHOUT_TOKEN: {
    schema: flag,
    fallback: "false",
    about:
      "For development: callers on this machine need no token. Not behind a proxy, where every caller counts as local.",
  },
  ALLOWED_HOSTS: {
    schema: nameList,
    fallback: "",
    about:
      "Host names, without port, under which the service is reached; other requests get 421. Empty: loopback names if HOST is loopback, otherwise every name, as with `*`.",
  },
  MAX_PAYLOAD_BYTES: {
    schema: bytes(1),
    fallback: "65536",
    about: "Largest task payload.",
  },
} as const satisfies Section;

export const redis = {
  REDIS_URL: {
    schema: redisUrl,
    fallback: "redis://127.0.0.1:6379",
    about:
      "Server, user and database; `rediss://` for TLS, also to Sentinel and Cluster nodes. With those, its address is ignored.",
  },
  REDIS_USERNAME: { schema: text, fallback: "", about: "ACL user; overrides the one in the URL." },
  REDIS_PASSWORD_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the password; overrides the one in the URL.",
  },
  REDIS_SENTINELS: { schema: hostList, fallback: "", about: "Sentinels as host:port,host:port." },
  REDIS_SENTINEL_NAME: { schema: name, fallback: "", about: "Name of the master that the Sentinels monitor." },
  REDIS_SENTINEL_USERNAME: { schema: text, fallback: "", about: "ACL user of the Sentinels." },
  REDIS_SENTINEL_PASSWORD_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the password of the Sentinels.",
  },
  REDIS_TLS_CA_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the certificate authority of Redis (PEM). Needs `rediss://`.",
  },
  REDIS_TLS_CERT_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the client certificate (PEM), if Redis asks for one.",
  },
  REDIS_TLS_KEY_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the key of that certificate (PEM).",
  },
  REDIS_TLS_SERVER_NAME: {
    schema: text,
    fallback: "",
    about: "Name in the certificates, if they do not contain the addresses of the nodes.",
  },
  REDIS_CLUSTER_NODES: {
    schema: hostList,
    fallback: "",
    about: "Nodes of a Redis Cluster as host:port,host:port. Needs a KEY_PREFIX with a hash tag.",
  },
  REDIS_WAIT_REPLICAS: {
    schema: wholeNumber(0, 100),
    fallback: "0",
    about:
      "Accept a task only after this many Redis replicas have it (WAIT), otherwise answer 503. The task survives a failover to one of them. The ACL user needs `+wait`. Not in a Cluster.",
  },
  REDIS_WAIT_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "1000",
    about: "Time limit for the replicas. Must be less than REDIS_COMMAND_TIMEOUT_MS.",
  },
  REDIS_CONNECT_TIMEOUT_MS: { schema: durationMs, fallback: "5000", about: "Timeout of a connection attempt." },
  REDIS_COMMAND_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "2000",
    about: "Timeout of a command. Blocking reads have BLOCK_MS in addition.",
  },
  KEY_PREFIX: {
    schema: z.string().regex(/^[A-Za-z0-9_.:{}-]{1,64}$/, "must be 1 to 64 letters, digits or _ . : { } -"),
    fallback: "mcp",
    about: "First part of every key. In a Cluster it needs a hash tag, such as `{mcp}`, so that all keys share a slot.",
  },
  INSTANCE_ID: {
    schema: name,
    fallback: "",
    about:
      "Name of this replica; default: the host name. After a restart, it claims at once what its former process left.",
  },
} as const satisfies Section;

export const workers = {
  WORKERS_PER_TYPE: {
    schema: wholeNumber(0, MAX_WORKERS_PER_TYPE),
    fallback: "2",
    about: "Worker processes per task type.",
  },
  WORKER_CONCURRENCY: {
    schema: wholeNumber(2, 10_000),
    fallback: "16",
    about: "Concurrent tasks of one worker, both lanes together.",
  },
  WORKER_MEMORY_LIMIT_BYTES: {
    schema: bytes(64 * 1024 ** 2),
    fallback: "536870912",
    about:
      "A worker above this limit is killed and counted as `oom`. The replica needs this for each worker, plus half a GiB for the main process.",
  },
  WORKER_NICE: {
    schema: wholeNumber(0, 19),
    fallback: "8",
    about:
      "Nice value of the workers relative to the main process, so that a busy machine answers scrapes and probes in time.",
  },
  WORKER_RESTART_MIN_MS: {
    schema: durationMs,
    fallback: "100",
    about: "Pause before the first restart of a crashed worker. Doubles with each crash in a row.",
  },
  WORKER_RESTART_MAX_MS: {
    schema: durationMs,
    fallback: "5000",
    about:
      "Cap of that pause. Keep it below 2 s times the number of workers; otherwise no crash loop fires WorkerCrashRateHigh.",
  },
  WORKER_UNRESPONSIVE_MS: {
    schema: durationMs,
    fallback: "45000",
    about: "A worker without a heartbeat for this long is killed and counted as `unresponsive`.",
  },
  WORKER_START_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "60000",
    about: "A worker without a first heartbeat this long after its start is also killed as `unresponsive`.",
  },
  HEARTBEAT_INTERVAL_MS: {
    schema: durationMs,
    fallback: "5000",
    about: "How often a worker reports to the main process.",
  },
  SHUTDOWN_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "10000",
    about:
      "Time for running tasks to finish on SIGTERM; the rest returns to the queue. The stop timeout of the process manager must be at least SHUTDOWN_DELAY_MS + 1.1 times this + 6 s.",
  },
  SHUTDOWN_DELAY_MS: {
    schema: wholeNumber(0, 300_000),
    fallback: "0",
    about: "After SIGTERM the service still answers for this long, but reports not ready to load balancers.",
  },
  AUTOSCALE: { schema: flag, fallback: "false", about: "Adjusts the number of workers of a type to its backlog." },
  AUTOSCALE_MIN_WORKERS: {
    schema: wholeNumber(1, MAX_WORKERS_PER_TYPE),
    fallback: "2",
    about: "Fewest workers of a type.",
  },
  AUTOSCALE_MAX_WORKERS: {
    schema: wholeNumber(1, MAX_WORKERS_PER_TYPE),
    fallback: "8",
    about: "Most workers of a type.",
  },
  AUTOSCALE_LAG_PER_WORKER: {
    schema: wholeNumber(1, 1_000_000),
    fallback: "50",
    about: "Backlog per worker: above it workers are added, below half of it one is removed.",
  },
  AUTOSCALE_INTERVAL_MS: { schema: durationMs, fallback: "5000", about: "How often the backlog is checked." },
} as const satisfies Section;

export const logging = {
  LOG_LEVEL: {
    schema: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]),
    fallback: "info",
    about: "Level at start; the admin API changes it at run time.",
  },
  LOG_FILE: {
    schema: text,
    fallback: "logs/orchestrator.log",
    about: "Log file in addition to stdout, rotated. Empty: no file.",
  },
  LOG_FILE_MAX_BYTES: {
    schema: bytes(1024 ** 2),
    fallback: "52428800",
    about: "Size at which the log file is rotated.",
  },
  LOG_FILES_KEPT: { schema: wholeNumber(1, 1000), fallback: "5", about: "Rotated log files to keep." },
} as const satisfies Section;
