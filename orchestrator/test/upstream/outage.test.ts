import { setTimeout as sleep } from "node:timers/promises";
import { type SimulatorProcess, startSimulatorProcess } from "@mcp-orchestrator/e2e/simulator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

let redis: RedisServer;
let simulator: SimulatorProcess;
beforeAll(async () => {
  [redis, simulator] = await Promise.all([startRedis(), startSimulatorProcess()]);
});
afterAll(async () => {
  await simulator?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

/** The durations of production are divided by this factor, its rates multiplied. */
const FACTOR = 60;
const scaledMs = (seconds: number) => String(Math.round((seconds * 1_000) / FACTOR));

/** The scaled defaults that matter in an outage. Few attempts, so that only the circuit breaker saves the tasks. */
const SCALED = {
  HANDLERS: "",
  MAX_ATTEMPTS: "3",
  RETRY_BASE_MS: scaledMs(2),
  RETRY_CAP_MS: scaledMs(60),
  UPSTREAM_BREAKER_WINDOW_MS: scaledMs(10),
  UPSTREAM_BREAKER_MIN_PER_SECOND: String(5 * FACTOR),
  UPSTREAM_BREAKER_RESET_MS: scaledMs(5),
  UPSTREAM_BREAKER_CONSECUTIVE_FAILURES: "3",
};

test.for([
  [10, 503],
  [2, 401],
  [2, 429],
] as const)(
  "%i minutes of status %i at one task per second: no dead letter, and all tasks end after the outage",
  { timeout: 90_000 },
  async ([minutes, errorStatus]) => {
    const tasks = minutes * 60;
    await redis.client.flushall();
    await simulator.reset();
    await simulator.control({ chat: { errorRate: 1, errorStatus } });
    const environment = { ...SCALED, REDIS_URL: redis.url, CHAT_BASE_URL: simulator.url };
    // Two workers per type, so that each sees only a quarter of the failures.
    await using service = await ServiceProcess.create(environment, { reasoning: 2, codegen: 2 });
    await service.start();
    await service.ready();
    const ids: string[] = [];
    const startedAtMs = performance.now();
    for (let n = 0; n < tasks; n++) {
      await sleep(Math.max(0, startedAtMs + (n * 1_000) / FACTOR - performance.now()));
      const type = n % 2 === 0 ? "reasoning" : "codegen";
      const { body } = await service.post("/api/v1/tasks", { type, payload: { prompt: `question ${n}` } });
      ids.push((body as { task_id: string }).task_id);
    }
    await service.until(
      () => service.metric("mcp_circuit_state", 'upstream="chat"'),
      (state) => state === 2,
    );
    expect(await service.metric("mcp_tasks_failed_total")).toBe(0);
    if (errorStatus !== 503) {
      expect(await service.metric("mcp_upstream_requests_total", 'upstream="chat",outcome="denied"')).toBeGreaterThan(
        0,
      );
      expect(service.output).toMatch(/"level":"ERROR".*Circuit breaker of chat is open: chat answered 4/);
    }
    await simulator.control({ chat: { errorRate: 0 } });
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: tasks });
    expect(await service.metric("mcp_tasks_failed_total")).toBe(0);
    // The other workers are notified of the success of one, and report their breakers after that.
    await service.until(
      () => service.metric("mcp_circuit_state", 'upstream="chat"'),
      (state) => state === 0,
    );
  },
);
