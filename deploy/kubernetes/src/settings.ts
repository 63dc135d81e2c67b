import { BUNDLE, KUBERNETES_SECRETS_PATH } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import { replicaMemoryBytes } from "mcp-orchestrator/memory";
import { SETTINGS as KNOWN } from "mcp-orchestrator/settings";
import { HTTP_PORT } from "./names.ts";
import { redisAccess } from "./redis.ts";

/** Where the secrets of the service are mounted. */
export const SECRETS_PATH = KUBERNETES_SECRETS_PATH;
/** What is in flight gets this long to finish when a pod is stopped. */
export const SHUTDOWN_TIMEOUT_MS = 25_000;
/** A pod that stops goes on answering until every proxy of the cluster knows that it is gone; no `preStop` is needed. */
export const SHUTDOWN_DELAY_MS = 10_000;
/**
 * Memory of one replica as it is installed, in MiB: container, pod and unit have the same, and a test holds them to it. More
 * workers or types need more.
 */
export const REPLICA_MEMORY_MIB =
  replicaMemoryBytes(BUILT_IN_TYPES.length, {
    perType: Number(KNOWN.WORKERS_PER_TYPE.fallback),
    memoryLimitBytes: Number(KNOWN.WORKER_MEMORY_LIMIT_BYTES.fallback),
  }) /
  1024 ** 2;

const redis = redisAccess();

/** Settings that differ from the service's defaults; everything else is as docs/configuration.md says. */
export const SETTINGS = {
  HOST: "0.0.0.0",
  PORT: String(HTTP_PORT),
  KEY_PREFIX: redis.keyPrefix,
  ...redis.settings,
  REDIS_USERNAME: BUNDLE.kubernetes.redis.username,
  REDIS_PASSWORD_FILE: `${SECRETS_PATH}/redis-password`,
  ADMIN_TOKEN_FILE: `${SECRETS_PATH}/admin-token`,
  CHAT_API_KEY_FILE: `${SECRETS_PATH}/chat-api-key`,
  SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
  SHUTDOWN_DELAY_MS: String(SHUTDOWN_DELAY_MS),
  // The cluster collects what a container prints, and its root file system is read-only.
  LOG_FILE: "",
} as const;
