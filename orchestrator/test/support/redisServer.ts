import { fileURLToPath } from "node:url";
import { startRedis as startServer, TestRedis } from "@mcp-orchestrator/e2e/testkit/servers/redis";
import { Redis } from "ioredis";
import type { RedisSettings } from "../../src/redis/connection.ts";

/** That of the system. */
export const SYSTEM_REDIS = "redis-server";

/** Where `scripts/debian/other-releases.sh` unpacks a release that has all of the newer commands. */
export const NEWEST_REDIS = fileURLToPath(new URL("../../../.cache/tools/redis-newest/redis-server", import.meta.url));

/** A Redis of a test's own with what the tests of the service need besides. */
export class RedisServer extends TestRedis {
  /** A plain client for looking at the server. */
  readonly client: Redis;

  constructor({ server, files }: TestRedis) {
    super(server, files);
    this.client = new Redis({ port: this.port, retryStrategy: () => 20, maxRetriesPerRequest: null });
    this.client.on("error", () => undefined);
  }

  /** Connection settings for the code under test. */
  settings(overrides?: Partial<RedisSettings>): RedisSettings {
    return {
      ...{ url: this.url, sentinels: [], sentinelName: "", clusterNodes: [] },
      ...{ connectTimeoutMs: 2_000, commandTimeoutMs: 2_000 },
      ...overrides,
    };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect();
    await super[Symbol.asyncDispose]();
  }
}

/** Starts a server. @param args of redis-server, such as `--appendonly yes` in two strings */
export function startRedis(...args: string[]): Promise<RedisServer> {
  return startRelease(SYSTEM_REDIS, ...args);
}

/** The same with one of several installed releases. @param program path or name of its redis-server */
export async function startRelease(program: string, ...args: string[]): Promise<RedisServer> {
  return new RedisServer(await startServer({ args }, { command: program }));
}

/** Starts a Sentinel. @param config lines of its configuration file */
export async function startSentinel(...config: string[]): Promise<RedisServer> {
  return new RedisServer(await startServer({ config, sentinel: true }));
}
