import { expect, it } from "vitest";
import { createRedis } from "../../src/redis/connection.ts";
import { eventually } from "../support/eventually.ts";
import { startRedis } from "../support/redisServer.ts";

const COMMAND_TIMEOUT_MS = 400;

it("a connection that replaces a lost one is not given up for what the lost one did not answer", async () => {
  await using server = await startRedis();
  const redis = createRedis(server.settings({ commandTimeoutMs: COMMAND_TIMEOUT_MS }), "commands", "test");
  redis.on("error", () => undefined);
  using _redis = { [Symbol.dispose]: () => redis.disconnect() };
  await redis.ping();
  let lost = 0;
  redis.on("close", () => lost++);

  const unanswered = redis.blpop("nothing", 0);
  const fromMs = performance.now();
  await Promise.all([
    expect(unanswered).rejects.toThrow(),
    server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
  ]);
  await eventually(
    () => redis.ping().then(() => performance.now() - fromMs),
    (elapsedMs) => elapsedMs > 3 * COMMAND_TIMEOUT_MS,
  );
  expect(lost).toBe(1);
});
