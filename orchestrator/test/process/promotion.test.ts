import { expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { createRedis } from "../../src/redis/connection.ts";
import { startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";
import { createSubmission } from "../support/worker.ts";

const HOUR_MS = "3600000";

it("a task that a client or a worker delayed runs when it is due, long before the next regular round", async () => {
  await using redis = await startRedis();
  await using service = await ServiceProcess.create({ REDIS_URL: redis.url, PROMOTE_INTERVAL_MS: HOUR_MS });
  await service.start();
  await service.ready();
  const task = { type: "reasoning", priority: 15, delay_ms: 300, payload: { journal: service.journal } };
  const { body } = await service.post("/api/v1/tasks", task);
  const ids = [(body as { task_id: string }).task_id, ...(await service.submit(1, { failures: 2 }))];
  await service.until(
    () => service.states(ids),
    ({ completed }) => completed === ids.length,
  );
  expect(await service.started()).toHaveLength(1 + 3);
});

it("a delayed task of an ended process is found in the next regular round", async () => {
  await using redis = await startRedis();
  await using service = await ServiceProcess.create({ REDIS_URL: redis.url, PROMOTE_INTERVAL_MS: "300" });
  await service.start();
  await service.ready();
  const other = createRedis(redis.settings(), "commands", "gone");
  const submission = createSubmission(other, { keys: createKeys("mcp"), types: ["reasoning"] });
  const payloadJson = JSON.stringify({ journal: service.journal });
  const receipts = await submission.submit([{ type: "reasoning", priority: 15, delayMs: 100, payloadJson }]);
  other.disconnect();
  const ids = receipts.map(({ taskId }) => taskId);
  await service.until(
    () => service.states(ids),
    ({ completed }) => completed === 1,
  );
});
