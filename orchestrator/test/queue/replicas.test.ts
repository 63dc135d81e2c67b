import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, TYPE } from "../support/worker.ts";

/** Acceptance that waits for replicas of Redis, with one of them. */

let master: RedisServer;
let replica: RedisServer;
let redis: RedisClient;
beforeAll(async () => {
  master = await startRedis();
  replica = await startRedis("--replicaof", `127.0.0.1 ${master.port}`);
  redis = createRedis(master.settings({ commandTimeoutMs: 30_000 }), "commands", "test");
  await eventually(
    () => replica.client.info("replication"),
    (info) => info.includes("master_link_status:up"),
  );
});
afterAll(async () => {
  redis?.disconnect();
  await replica?.[Symbol.asyncDispose]();
  await master?.[Symbol.asyncDispose]();
});

const { stream } = keys.queue(TYPE, "regular");
const submit = (count: number, timeoutMs: number) =>
  createSubmission(redis, { replicas: { count, timeoutMs } }).submit([{ type: TYPE, priority: 1, payloadJson: "1" }]);

it("accepts a task that the configured number of replicas has", async () => {
  expect(await submit(1, 20_000)).toMatchObject([{ status: "queued", duplicate: false }]);
  expect(await replica.client.xlen(stream)).toBe(1);
});

it("reports an unknown outcome if fewer replicas have the task in time, with their number", async () => {
  await expect(submit(2, 50)).rejects.toMatchObject({
    code: "REDIS_UNAVAILABLE",
    message: expect.stringContaining(`submission of ${TYPE}: 1 of 2 replicas confirmed within 50 ms`),
    cause: { kind: "timeout", subject: "wait" },
  });
});
