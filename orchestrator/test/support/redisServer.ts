import { fileURLToPath } from "node:url";
import { startRedis as startServer, TestRedis } from "@mcp-orchestrator/e2e/testkit/servers/redis";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { Redis } from "ioredis";
import { afterAll, beforeEach } from "vitest";
import { createRedis, type RedisClient, type RedisSettings } from "../../src/redis/connection.ts";

/** A release with all newer commands, as unpacked by `scripts/debian/other-releases.sh`. */
export const NEWEST_REDIS = fileURLToPath(new URL("../../../.cache/tools/redis-newest/redis-server", import.meta.url));

/** A Redis for one test, with helpers for tests of the service. */
export class RedisServer extends TestRedis {
  /** A plain client, to inspect the server. */
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
  return startRelease(undefined, ...args);
}

/** Starts a server of one release. @param program path of its redis-server; default: the one of the suite */
export async function startRelease(program: string | undefined, ...args: string[]): Promise<RedisServer> {
  return new RedisServer(await startServer({ args }, program === undefined ? {} : { command: program }));
}

/** Starts a server for the tests of a file, empties it before each of them, and connects like the service. */
export async function useRedis(): Promise<{ server: RedisServer; redis: RedisClient }> {
  const server = await startRedis();
  const redis = createRedis(server.settings(), "commands", "test");
  // Some tests close all connections.
  redis.on("error", () => undefined);
  beforeEach(() => server.client.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server[Symbol.asyncDispose]();
  });
  return { server, redis };
}

/** Starts a Sentinel. @param config lines of its configuration file */
export async function startSentinel(...config: string[]): Promise<RedisServer> {
  return new RedisServer(await startServer({ config, sentinel: true }));
}

/** A master and its replica, with the settings to connect to the current master. */
export type SentinelSet = {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly settings: RedisSettings;
};

/** Starts a master with a synchronized replica, and a Sentinel that promotes the replica soon after a failure. */
export async function startSentinelSet(stack: AsyncDisposableStack): Promise<SentinelSet> {
  const master = stack.use(await startRedis());
  const replica = stack.use(await startRedis("--replicaof", `127.0.0.1 ${master.port}`));
  const sentinel = await startSentinel(
    `sentinel monitor mcp 127.0.0.1 ${master.port} 1`,
    "sentinel down-after-milliseconds mcp 500",
    "sentinel failover-timeout mcp 2000",
  );
  stack.use(sentinel);
  await replicates(replica);
  const sentinels = [{ host: "127.0.0.1", port: sentinel.port }];
  return { master, replica, settings: master.settings({ sentinels, sentinelName: "mcp" }) };
}

/** Waits until a replica has the data of its master. */
export async function replicates(replica: RedisServer): Promise<void> {
  await eventually(
    () => replica.client.info("replication"),
    (info) => info.includes("master_link_status:up"),
    20_000,
  );
}
