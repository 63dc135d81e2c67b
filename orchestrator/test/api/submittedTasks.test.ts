import { expect, test } from "vitest";
import { LANES } from "../../src/metrics/contract.ts";
import { aclRules } from "../../src/redis/permissions.ts";
import { startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

const PRIORITY = { express: 20, regular: 1 } as const;
const DEPTH_LIMIT = 5;

test("every submitted task is counted once, by type, requested lane and cause of the answer", async () => {
  await using redis = await startRedis();
  const may = (...rules: string[]) => redis.client.call("ACL", "SETUSER", "service", ...rules);
  await may("on", ">secret", ...aclRules("mcp"));
  const url = new URL(redis.url);
  Object.assign(url, { username: "service", password: "secret" });
  const settings = { REDIS_URL: url.href, MAX_QUEUE_DEPTH: String(DEPTH_LIMIT) };
  await using service = await ServiceProcess.create(settings, {});
  await service.start();
  await service.until(
    () => service.metric("mcp_redis_up"),
    (up) => up === 1,
  );

  const task = (type: string, lane: keyof typeof PRIORITY, more: object = {}) => {
    return { type, priority: PRIORITY[lane], payload: { journal: "" }, ...more };
  };
  const single = (body: object) => service.post("/api/v1/tasks", body).then(({ status }) => status);
  const batch = (...tasks: object[]) => service.post("/api/v1/tasks/batch", { tasks }).then(({ status }) => status);
  const several = (count: number, one: object) => Array.from({ length: count }, () => one);
  const counted: Record<string, number> = {};
  const count = (type: string, lane: string, cause: string, tasks: number) => {
    const key = `${type} ${lane} ${cause}`;
    counted[key] = (counted[key] ?? 0) + tasks;
  };
  /** Series above 0, by their labels. */
  const seen = async () => {
    const { body } = await service.get("/metrics");
    const samples = String(body).matchAll(
      /^mcp_tasks_submitted_total\{type="(.*)",lane="(.*)",cause="(.*)"\} (\d+)$/gm,
    );
    return Object.fromEntries(
      [...samples]
        .filter(([, , , , n]) => n !== "0")
        .map(([, ...labels]) => [labels.slice(0, 3).join(" "), Number(labels[3])]),
    );
  };
  expect(await seen()).toEqual({});
  for (const lane of LANES) {
    expect(await service.metric("mcp_tasks_submitted_total", `{type="ml",lane="${lane}",cause="redis"}`)).toBe(0);
  }

  // Accepted, and accepted before.
  expect(await single(task("ml", "express", { task_id: "known" }))).toBe(202);
  expect(await single(task("ml", "express", { task_id: "known" }))).toBe(200);
  count("ml", "express", "none", 2);
  expect(
    await batch(...several(DEPTH_LIMIT, task("ml", "regular")), task("codegen", "express", { delay_ms: 60_000 })),
  ).toBe(202);
  count("ml", "regular", "none", DEPTH_LIMIT);
  count("codegen", "express", "none", 1);

  // One lane of one type is full, and others are not; a batch is refused with the task that does not fit.
  expect(await single(task("ml", "regular"))).toBe(503);
  expect(await batch(task("ml", "regular"), task("reasoning", "regular"))).toBe(503);
  count("ml", "regular", "overload", 2);
  count("reasoning", "regular", "overload", 1);
  expect(await single(task("ml", "express"))).toBe(202);
  count("ml", "express", "none", 1);

  expect(await single(task("ml", "regular", { task_id: "known" }))).toBe(409);
  count("ml", "regular", "conflict", 1);
  expect(await batch(task("ml", "express"), task("made-up", "express"), { type: "ml" })).toBe(422);
  count("ml", "express", "invalid", 1);
  count("unknown", "express", "invalid", 1);
  count("ml", "regular", "invalid", 1);

  // Redis denies the stream of one lane.
  await may("-xadd", "(+xadd ~mcp:queue:ml:express)");
  expect(await single(task("codegen", "regular"))).toBe(503);
  count("codegen", "regular", "redis", 1);
  expect(await single(task("ml", "express"))).toBe(202);
  count("ml", "express", "none", 1);
  await may("+xadd", "clearselectors");

  // The rate limit rejects what is new, of every type.
  await service.post("/api/v1/admin/rate-limit/enable", { per_second: 0 });
  expect(await batch(...several(3, task("codegen", "regular")))).toBe(429);
  count("codegen", "regular", "rate_limit", 3);
  expect(await single(task("ml", "express", { task_id: "known" }))).toBe(200);
  count("ml", "express", "none", 1);
  await service.post("/api/v1/admin/rate-limit/disable", {});

  // The lane that a client asked for, whatever the bypass makes of it.
  await service.post("/api/v1/admin/express-bypass/enable", {});
  expect(await single(task("reasoning", "express"))).toBe(202);
  count("reasoning", "express", "none", 1);

  expect(await seen()).toEqual(counted);
});
