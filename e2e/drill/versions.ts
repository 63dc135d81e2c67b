import type { Redis } from "ioredis";
import type { Stack } from "../stack/stack.ts";
import { requestJson } from "../testkit/http.ts";

/** Versions of the servers of a stack, as they tell them. */
export async function stackVersions(stack: Stack, admin: Redis): Promise<Record<string, string>> {
  const prometheus = await requestJson<{ data: { version: string } }>(
    `${stack.prometheus.url}/api/v1/status/buildinfo`,
  );
  const alertmanager = await requestJson<{ versionInfo: { version: string } }>(
    `${stack.alertmanager.url}/api/v2/status`,
  );
  const redis = /redis_version:(\S+)/.exec(String(await admin.info("server")))?.[1] ?? "unknown";
  return {
    Prometheus: prometheus.data.version,
    Alertmanager: alertmanager.versionInfo.version,
    Redis: redis,
    "Node.js": process.versions.node,
  };
}
