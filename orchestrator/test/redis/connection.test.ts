import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it } from "vitest";
import { createRedis } from "../../src/redis/connection.ts";
import { startRedis } from "../support/redisServer.ts";

const COMMAND_TIMEOUT_MS = 400;

it.each([
  ["one server", false],
  ["a Cluster", true],
])(
  "a connection to %s that replaces a lost one is not given up for what the lost one did not answer",
  async (_, clustered) => {
    await using server = await startRedis(
      "--cluster-enabled",
      clustered ? "yes" : "no",
      "--cluster-announce-ip",
      "127.0.0.1",
    );
    if (clustered) {
      await server.client.cluster("ADDSLOTSRANGE", 0, 16_383);
      await eventually(
        () => server.client.cluster("INFO") as Promise<string>,
        (info) => info.includes("cluster_state:ok"),
      );
    }
    const clusterNodes = clustered ? [{ host: "127.0.0.1", port: server.port }] : [];
    const settings = server.settings({ commandTimeoutMs: COMMAND_TIMEOUT_MS, clusterNodes });
    const redis = createRedis(settings, "commands", "test");
    redis.on("error", () => undefined);
    using _redis = { [Symbol.dispose]: () => redis.disconnect() };
    await redis.ping();
    let lost = 0;
    redis.on("close", () => lost++);

    const unanswered = redis.blpop("nothing", 0.2).then(
      () => "answered",
      () => "failed",
    );
    const fromMs = performance.now();
    await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    // ioredis sends the command again over the new connection of a Cluster: there it may be answered in time, or not.
    expect(clustered ? ["answered", "failed"] : ["failed"]).toContain(await unanswered);
    await eventually(
      () => redis.ping().then(() => performance.now() - fromMs),
      (elapsedMs) => elapsedMs > 3 * COMMAND_TIMEOUT_MS,
    );
    expect(lost).toBe(1);
  },
);
