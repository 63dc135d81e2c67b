import { HTTP_PORT } from "./names.ts";

/** Where the secrets of the service are mounted. */
export const SECRETS_PATH = "/run/secrets/mcp-orchestrator";
/** What is in flight gets so long to finish when a pod is stopped. */
export const SHUTDOWN_TIMEOUT_MS = 25_000;
/** A pod that stops goes on answering until every proxy of the cluster knows that it is gone; no `preStop` is needed. */
export const SHUTDOWN_DELAY_MS = 10_000;
/** Address of Redis as the pods reach it: a name that an overlay points elsewhere. */
export const REDIS_HOST = "redis";
export const REDIS_PORT = 6379;
/** Redis user of the service, with no more rights than it needs. */
export const REDIS_USER = "orchestrator";

/** Prefix of all keys; `{mcp}` in a Redis Cluster. */
export const KEY_PREFIX = "mcp";

/** Settings that differ from the service's defaults; everything else is as docs/configuration.md says. */
export const SETTINGS = {
  HOST: "0.0.0.0",
  PORT: String(HTTP_PORT),
  KEY_PREFIX,
  REDIS_URL: `redis://${REDIS_HOST}:${REDIS_PORT}`,
  REDIS_USERNAME: REDIS_USER,
  REDIS_PASSWORD_FILE: `${SECRETS_PATH}/redis-password`,
  ADMIN_TOKEN_FILE: `${SECRETS_PATH}/admin-token`,
  CHAT_API_KEY_FILE: `${SECRETS_PATH}/chat-api-key`,
  SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
  SHUTDOWN_DELAY_MS: String(SHUTDOWN_DELAY_MS),
  // The cluster collects what a container prints, and its root file system is read-only.
  LOG_FILE: "",
} as const;
