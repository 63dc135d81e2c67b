import { BUNDLE, KUBERNETES_SECRETS_PATH } from "@mcp-orchestrator/alerts";
import { BUILT_IN_TYPES } from "mcp-orchestrator/contract";
import { replicaMemoryBytes } from "mcp-orchestrator/memory";
import { SETTINGS as KNOWN } from "mcp-orchestrator/settings";
import { HTTP_PORT } from "./names.ts";
import { redisAccess } from "./redis.ts";

/** Where the secrets of the service are mounted. */
export const SECRETS_PATH = KUBERNETES_SECRETS_PATH;
/** Time for tasks in flight when a pod is stopped. */
export const SHUTDOWN_TIMEOUT_MS = 25_000;
/** A stopping pod answers until every proxy knows that it is going; no `preStop` is needed. */
export const SHUTDOWN_DELAY_MS = 10_000;
/** Memory of one replica with these task types beside the built-in ones, in MiB. More workers need more. */
export function replicaMemoryMib(types: readonly string[] = []): number {
  const workers = {
    perType: Number(KNOWN.WORKERS_PER_TYPE.fallback),
    memoryLimitBytes: Number(KNOWN.WORKER_MEMORY_LIMIT_BYTES.fallback),
  };
  return replicaMemoryBytes(new Set([...BUILT_IN_TYPES, ...types]).size, workers) / 1024 ** 2;
}

const redis = redisAccess();

/** Settings that differ from the defaults in docs/reference/configuration.md. */
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
  // The cluster collects standard output, and the root file system is read-only.
  LOG_FILE: "",
} as const;
