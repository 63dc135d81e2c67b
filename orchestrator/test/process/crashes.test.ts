import { describe, expect, it } from "vitest";
import { startRedis } from "../support/redisServer.ts";
import { exists, ServiceProcess } from "../support/service.ts";

const TASKS = 100;
/** WORKER_CONCURRENCY of the test service: the most tasks that a dead worker can have started. */
const IN_FLIGHT = 8;

describe.concurrent("kill -9 under load", () => {
  it("of a worker: it is restarted and counted, its tasks are finished, and no counter falls", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url });
    await service.start();
    await service.ready();
    const ids = await service.submit(TASKS, { takesMs: 40 });
    const [victim] = (await service.workers()).filter(({ type }) => type === "reasoning");
    await service.until(
      () => service.metric("mcp_tasks_completed_total"),
      (completed) => (completed ?? 0) > 20,
    );
    process.kill(victim?.pid ?? 0, "SIGKILL");

    const seen: number[] = [];
    await service.drained(async () => seen.push((await service.metric("mcp_tasks_completed_total")) ?? -1));
    expect(await service.states(ids)).toEqual({ completed: TASKS });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(Math.max(...seen)).toBeLessThanOrEqual(TASKS);
    expect(await service.metric("mcp_worker_crashes_total", 'reason="signal"')).toBe(1);
    expect(service.output).toMatch(/Worker express_pool:reasoning:0 crashed \(signal\)/);
    // At least once: only tasks that the killed worker had started are started again.
    const started = await service.started();
    expect(new Set(started)).toEqual(new Set(ids));
    expect(started.length).toBeLessThanOrEqual(TASKS + IN_FLIGHT);
    await service.until(
      () => service.metric("mcp_tasks_unaccounted"),
      (unaccounted) => unaccounted === 0,
    );
    await service.ready();
  });

  it("of the main process: its workers exit, and the next process finishes all tasks", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url });
    await service.start();
    await service.ready();
    // Enough work for seconds, so that most is left at the kill even on a busy machine.
    const ids = await service.submit(TASKS, { takesMs: 400 });
    const pids = (await service.workers()).map(({ pid }) => pid);
    await service.until(
      () => service.started(),
      (started) => started.length > 20,
    );
    service.kill("SIGKILL");
    await service.until(
      () => pids.filter(exists),
      (left) => left.length === 0,
    );
    const before = (await service.started()).length;
    expect(before).toBeLessThan(TASKS);

    await service.start();
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: TASKS });
    expect((await service.started()).length).toBeLessThanOrEqual(TASKS + IN_FLIGHT);
    await service.until(
      () => service.metric("mcp_tasks_unaccounted"),
      (unaccounted) => unaccounted === 0,
    );
  });
});

describe.concurrent("poison", () => {
  it("is a task whose worker died as often as the limit, not earlier; other tasks are not affected", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({
      REDIS_URL: redis.url,
      DELIVERY_LIMIT: "2",
      WORKER_RESTART_MIN_MS: "50",
      WORKER_RESTART_MAX_MS: "50",
    });
    await service.start();
    await service.ready();
    const [poison = ""] = await service.submit(1, { dies: true });
    const others = await service.submit(10, { takesMs: 20 });
    await service.until(
      () => service.states([poison]),
      (states) => states.failed === 1,
      30_000,
    );
    await service.drained();
    expect((await service.started()).filter((id) => id === poison)).toHaveLength(2);
    // Workers send their counters after the outcome is stored.
    await service.until(
      () => service.metric("mcp_tasks_failed_total", 'reason="poison"'),
      (failed) => failed === 1,
    );
    expect(await service.states(others)).toEqual({ completed: 10 });
  });

  it("is not a task that restarts of the service interrupt, by any signal and with the lowest limit", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({
      REDIS_URL: redis.url,
      DELIVERY_LIMIT: "1",
      SHUTDOWN_TIMEOUT_MS: "200",
      TASK_TIMEOUT_MS: "60000",
      WORKER_UNRESPONSIVE_MS: "70000",
    });
    await service.start();
    await service.ready();
    const ids = await service.submit(1, { takesMs: 4_000 });
    for (const [at, signal] of (["SIGTERM", "SIGKILL", "SIGTERM"] as const).entries()) {
      await service.until(
        () => service.started(),
        (started) => started.length === at + 1,
        30_000,
      );
      service.kill(signal);
      await service.exited();
      await service.start();
    }
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: 1 });
    expect((await service.started()).length).toBe(4);
  });
});

describe.concurrent("a worker that hangs", () => {
  it("by SIGSTOP is restarted as unresponsive, and its tasks are finished", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({
      REDIS_URL: redis.url,
      TASK_TIMEOUT_MS: "2000",
      WORKER_UNRESPONSIVE_MS: "2500",
    });
    await service.start();
    await service.ready();
    const ids = await service.submit(40, { takesMs: 100 });
    await service.until(
      () => service.started(),
      (started) => started.length > 2,
    );
    const [victim] = (await service.workers()).filter(({ type }) => type === "reasoning");
    process.kill(victim?.pid ?? 0, "SIGSTOP");
    await service.until(
      () => service.metric("mcp_worker_crashes_total", 'reason="unresponsive"'),
      (crashes) => crashes === 1,
      15_000,
    );
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: 40 });
    expect(service.output).toMatch(/Worker express_pool:reasoning:0 stuck: no heartbeat/);
  });

  it("because a handler ignores its abort is restarted, and the task becomes a dead letter", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({
      REDIS_URL: redis.url,
      TASK_TIMEOUT_MS: "300",
      MAX_ATTEMPTS: "1",
    });
    await service.start();
    await service.ready();
    const ids = await service.submit(1, { takesMs: 30_000, deaf: true });
    await service.until(
      () => service.states(ids),
      (states) => states.failed === 1,
    );
    await service.until(
      () => service.metric("mcp_worker_crashes_total", 'reason="unresponsive"'),
      (crashes) => crashes === 1,
    );
    expect(service.output).toMatch(/Worker express_pool:reasoning:0 timeout: task \S+ still runs after its abort/);
    await service.until(
      () => service.metric("mcp_tasks_failed_total", 'reason="timeout"'),
      (failed) => failed === 1,
    );
  });

  it("because a handler blocks its event loop keeps its tasks, since the main process renews their leases", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url }, { reasoning: 2 });
    await service.start();
    await service.ready();
    // Longer than ORPHAN_MIN_IDLE_MS, shorter than the timeouts. The other worker keeps searching for orphans.
    const ids = await service.submit(1, { takesMs: 3_200, blocks: true });
    await service.until(
      () => service.states(ids),
      (states) => states.completed === 1,
    );
    expect(await service.started()).toEqual(ids);
    expect(await service.metric("mcp_orphans_claimed_total")).toBe(0);
  });
});
