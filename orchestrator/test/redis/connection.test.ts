import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { createRedis } from "../../src/redis/connection.ts";
import { startSingleNodeCluster } from "../support/redisCluster.ts";
import { startRedis } from "../support/redisServer.ts";

const COMMAND_TIMEOUT_MS = 800;

it.each([
  ["one server", false],
  ["a Cluster", true],
])("a new connection to %s is not closed by the timeout of a command of the lost one", async (_, clustered) => {
  await using server = clustered ? await startSingleNodeCluster() : await startRedis();
  const clusterNodes = clustered ? [{ host: "127.0.0.1", port: server.port }] : [];
  const settings = server.settings({ commandTimeoutMs: COMMAND_TIMEOUT_MS, clusterNodes });
  const redis = createRedis(settings, "commands", "test");
  redis.on("error", () => undefined);
  using _redis = { [Symbol.dispose]: () => redis.disconnect() };
  await redis.ping();
  let lost = 0;
  redis.on("close", () => lost++);

  const waiting = async () => /blocked_clients:(\d+)/.exec(await server.client.info("clients"))?.[1];
  const unanswered = redis.blpop("nothing", 60).then(
    () => "answered",
    () => "failed",
  );
  await eventually(waiting, (count) => count === "1");
  const fromMs = performance.now();
  await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  expect(await unanswered).toBe("failed");
  await eventually(
    () => redis.ping().then(() => performance.now() - fromMs),
    (elapsedMs) => elapsedMs > 3 * COMMAND_TIMEOUT_MS,
  );
  expect(lost).toBe(1);
  // Not sent again over the new connection: the server may have executed it.
  expect(await waiting()).toBe("0");
});

it("reports the time of each command once: of one that waits for a connection, and of one without a reply", async () => {
  await using server = await startRedis();
  using opened = new DisposableStack();
  const connect = () => {
    const tookSeconds: number[] = [];
    const settings = server.settings({ commandTimeoutMs: COMMAND_TIMEOUT_MS });
    const redis = createRedis(settings, "commands", "test", (seconds) => tookSeconds.push(seconds));
    redis.on("error", () => undefined);
    opened.defer(() => redis.disconnect());
    // Not `once` of node:events, which fails at the first error.
    const ready = () => new Promise<void>((resolve) => redis.once("ready", resolve));
    return { redis, ready, tookSeconds };
  };
  const idle = connect();
  await idle.ready();
  const busy = connect();
  await busy.redis.ping();
  expect(busy.tookSeconds).toHaveLength(idle.tookSeconds.length + 1);
  // It times out, and then its connection is closed.
  const reconnected = busy.ready();
  await expect(busy.redis.blpop("nothing", 60)).rejects.toThrow();
  await reconnected;
  expect(busy.tookSeconds.filter((seconds) => seconds > COMMAND_TIMEOUT_MS / 2_000)).toHaveLength(1);
});
