import type { Redis } from "ioredis";
import type { Stack } from "../stack/stack.ts";
import { requestJson } from "../testkit/http.ts";

/** Versions of the servers of a stack, as they report them. */
export async function stackVersions(stack: Stack, admin: Redis): Promise<Record<string, string>> {
  const prometheus = await requestJson<{ data: { version: string } }>(
    `${stack.prometheus.url}/api/v1/status/buildinfo`,
  );
  const alertmanager = await requestJson<{ versionInfo: { version: string } }>(
    `${stack.alertmanager.url}/api/v2/status`,
  );
  const info = String(await admin.info("server"));
  const redis = /redis_version:(\S+)/.exec(info)?.[1] ?? "unknown";
  // Valkey reports the Redis that it is compatible with, too.
  const valkey = /valkey_version:(\S+)/.exec(info)?.[1];
  return {
    Prometheus: prometheus.data.version,
    Alertmanager: alertmanager.versionInfo.version,
    ...(valkey === undefined ? { Redis: redis } : { Valkey: valkey }),
    "Node.js": process.versions.node,
  };
}
