import { z } from "zod";
import { flag, hostList, nameList, redisUrl, wholeNumber } from "./parsers.ts";
import { bytes, durationMs, name, type Section, text } from "./setting.ts";

/** Settings of the service as a process: where it listens, its Redis, its workers, its log. */

/** Most workers of one type: enough for any host, and a slip of the finger does not fork it to death. */
export const MAX_WORKERS_PER_TYPE = 256;

export const http = {
  HOST: { schema: text, fallback: "127.0.0.1", about: "Address to listen on. Loopback unless you say otherwise." },
  PORT: {
    schema: wholeNumber(0, 65_535),
    fallback: "8000",
    about: "Port of the API and of /metrics; 0 takes a free one.",
  },
  ADMIN_TOKEN_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the bearer token of the admin endpoints. Without one they refuse every request.",
  },
  ADMIN_WITHOUT_TOKEN: {
    schema: flag,
    fallback: "false",
    about:
      "For development: the admin endpoints need no token from callers on this machine. Not behind a proxy: it makes every caller a local one.",
  },
  ALLOWED_HOSTS: {
    schema: nameList,
    fallback: "",
    about:
      "Names, without port, under which the service is reached, as a list; a request to another one is refused with 421. Empty allows loopback names where HOST is a loopback address, and every name elsewhere; `*` allows every name.",
  },
  MAX_PAYLOAD_BYTES: {
    schema: bytes(1),
    fallback: "65536",
    about: "Largest task payload. Every waiting task occupies its payload in Redis memory.",
  },
} as const satisfies Section;

export const redis = {
  REDIS_URL: {
    schema: redisUrl,
    fallback: "redis://127.0.0.1:6379",
    about:
      "Server, user and database; `rediss://` for TLS, also to Sentinel and Cluster nodes. Its address is ignored where those are given.",
  },
  REDIS_USERNAME: { schema: text, fallback: "", about: "ACL user; overrides the one in the URL." },
  REDIS_PASSWORD_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the password; overrides the one in the URL, and shows in no process list.",
  },
  REDIS_SENTINELS: { schema: hostList, fallback: "", about: "Sentinels as host:port,host:port." },
  REDIS_SENTINEL_NAME: { schema: name, fallback: "", about: "Name of the master that the Sentinels watch." },
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
    about: "File with the certificate authority that Redis is checked against (PEM). Needs `rediss://`.",
  },
  REDIS_TLS_CERT_FILE: {
    schema: text,
    fallback: "",
    secret: true,
    about: "File with the client certificate (PEM), where Redis asks for one.",
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
    about:
      "Name that the certificates are for, where nodes are reached by addresses that the certificates do not have.",
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
      "A task is accepted when this many replicas have it (WAIT), and 503 otherwise: what was accepted survives a fail-over to one of them. 0 waits for none. The ACL user needs `+wait` then. Not in a Cluster.",
  },
  REDIS_WAIT_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "1000",
    about: "How long the replicas may take. Less than REDIS_COMMAND_TIMEOUT_MS.",
  },
  REDIS_CONNECT_TIMEOUT_MS: { schema: durationMs, fallback: "5000", about: "The runbook's connection time-out." },
  REDIS_COMMAND_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "2000",
    about: "A command without an answer for this long has failed. Blocking reads have BLOCK_MS on top.",
  },
  KEY_PREFIX: {
    schema: z.string().regex(/^[A-Za-z0-9_.:{}-]{1,64}$/, "must be 1 to 64 letters, digits or _ . : { } -"),
    fallback: "mcp",
    about: "First part of every key. `{mcp}` in a Cluster, so that all keys share a slot.",
  },
  INSTANCE_ID: {
    schema: name,
    fallback: "",
    about:
      "Name of this replica; the host's name when empty. A replica that starts takes over at once what a former life of the same name left. Consumers belong to one life of one process, so that two replicas with one name still run no task twice.",
  },
} as const satisfies Section;

export const workers = {
  WORKERS_PER_TYPE: {
    schema: wholeNumber(0, MAX_WORKERS_PER_TYPE),
    fallback: "2",
    about: "Worker processes per task type at start; the runbook's 2 x 3.",
  },
  WORKER_CONCURRENCY: {
    schema: wholeNumber(2, 10_000),
    fallback: "16",
    about: "Tasks that one worker runs at a time, shared by its two lanes; each lane keeps at least one slot.",
  },
  WORKER_MEMORY_LIMIT_BYTES: {
    schema: bytes(64 * 1024 ** 2),
    fallback: "536870912",
    about:
      "A worker above this is killed and counted as `oom`. Half a GiB is several times what an idle worker takes. The replica needs this times its workers, and half a GiB for the main process.",
  },
  WORKER_NICE: {
    schema: wholeNumber(0, 19),
    fallback: "8",
    about:
      "How far the priority of workers is below that of the main process (nice, see nice(2)) once they consume, so that it answers scrapes and probes sooner where they fill the machine. Where others of the same container or session do, workers get less of it; 0 for an equal share.",
  },
  WORKER_RESTART_MIN_MS: {
    schema: durationMs,
    fallback: "100",
    about: "Pause before the first restart of a crashed worker; doubles with every crash in a row.",
  },
  WORKER_RESTART_MAX_MS: {
    schema: durationMs,
    fallback: "5000",
    about:
      "Cap of that pause. Six crash-looping workers must stay above 0.5 crashes per second, or WorkerCrashRateHigh could never fire: keep it under 2 s x the number of workers.",
  },
  WORKER_UNRESPONSIVE_MS: {
    schema: durationMs,
    fallback: "45000",
    about: "A worker without a heartbeat for this long is killed and counted as `unresponsive`.",
  },
  WORKER_START_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "60000",
    about: "A worker without a first heartbeat this long after its start is killed as `unresponsive`, too.",
  },
  HEARTBEAT_INTERVAL_MS: {
    schema: durationMs,
    fallback: "5000",
    about: "How often a worker tells the main process that it lives and when its lanes last finished a poll.",
  },
  SHUTDOWN_TIMEOUT_MS: {
    schema: durationMs,
    fallback: "10000",
    about:
      "What is in flight gets this long to finish on SIGTERM; the rest is handed back to its queue. The stop time-out of whatever supervises the service must be longer than this and SHUTDOWN_DELAY_MS by 10 % and 6 s.",
  },
  SHUTDOWN_DELAY_MS: {
    schema: wholeNumber(0, 300_000),
    fallback: "0",
    about:
      "On SIGTERM the service is not ready from the first moment, and goes on answering for this long: the time that load balancers need to send requests elsewhere.",
  },
  AUTOSCALE: { schema: flag, fallback: "false", about: "Let the number of workers of a type follow its backlog." },
  AUTOSCALE_MIN_WORKERS: {
    schema: wholeNumber(1, MAX_WORKERS_PER_TYPE),
    fallback: "2",
    about: "Fewest workers of a type.",
  },
  AUTOSCALE_MAX_WORKERS: {
    schema: wholeNumber(1, MAX_WORKERS_PER_TYPE),
    fallback: "8",
    about: "Most workers of a type; the runbook's emergency scale.",
  },
  AUTOSCALE_LAG_PER_WORKER: {
    schema: wholeNumber(1, 1_000_000),
    fallback: "50",
    about:
      "Backlog that one worker is expected to carry. More per worker adds workers, less than half of it removes one.",
  },
  AUTOSCALE_INTERVAL_MS: { schema: durationMs, fallback: "5000", about: "Time between two looks at the backlog." },
} as const satisfies Section;

export const logging = {
  LOG_LEVEL: {
    schema: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]),
    fallback: "info",
    about: "Level at start; the admin API changes it while running.",
  },
  LOG_FILE: {
    schema: text,
    fallback: "logs/orchestrator.log",
    about: "Log file beside stdout, rotated; empty is none.",
  },
  LOG_FILE_MAX_BYTES: { schema: bytes(1024 ** 2), fallback: "52428800", about: "Size at which it is rotated." },
  LOG_FILES_KEPT: { schema: wholeNumber(1, 1000), fallback: "5", about: "Rotated files that are kept." },
} as const satisfies Section;
