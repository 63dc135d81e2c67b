import { readFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

describe("start", () => {
  it("without Redis: alive, not ready with the reason, metrics within a second, and recovery by itself", async () => {
    await using redis = await startRedis();
    await redis.stop();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url });
    await service.start();
    expect((await service.get("/healthz")).status).toBe(200);
    const readiness = await service.get("/readyz");
    expect(readiness.status).toBe(503);
    expect(readiness.body).toMatchObject({ ready: false, checks: [{ name: "redis", ok: false }, { name: "workers" }] });
    const from = performance.now();
    expect(await service.metric("mcp_redis_up")).toBe(0);
    expect(performance.now() - from).toBeLessThan(1_000);
    for (const gauge of ["mcp_queue_depth", "mcp_dlq_depth", "mcp_consumer_group_lag", "mcp_tasks_unaccounted"]) {
      expect(await service.metric(gauge), gauge).toBeUndefined();
    }
    expect(await service.metric("mcp_active_workers")).toBe(0);
    expect((await service.post("/api/v1/tasks", { type: "ml", payload: { journal: "x" } })).status).toBe(503);

    await redis.start();
    await service.ready();
    const ids = await service.submit(5);
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: 5 });
    expect(await service.metric("mcp_redis_up")).toBe(1);
    expect(service.output).toMatch(/Redis connection lost or unavailable.*ECONNREFUSED/);
    expect(service.output).toContain("Redis connection restored");
  });

  it("workers have a lower priority than the main process once they consume, but not during their start", async () => {
    await using redis = await startRedis();
    await redis.stop();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url, WORKER_NICE: "3" });
    await service.start();
    const [worker] = await service.until(
      () => service.workers(),
      (workers) => workers.every(({ heartbeat_age_ms: ageMs }) => ageMs !== undefined),
    );
    const niceDifference = () => getPriority(worker?.pid) - getPriority(service.pid);
    expect(niceDifference()).toBe(0);
    await redis.start();
    await service.ready();
    expect(niceDifference()).toBe(3);
  });

  it("with an invalid configuration ends with status 78 and lists every problem", async () => {
    await using service = await ServiceProcess.create({ WORKER_CONCURRENCY: "none", WORKER_CONCURENCY: "4" });
    service.spawn();
    expect(await service.exited()).toBe(78);
    expect(service.output).toContain("WORKER_CONCURRENCY: must be a whole number");
    expect(service.output).toContain("did you mean WORKER_CONCURRENCY?");
  });

  it("on a port in use ends and logs the reason", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url, PORT: String(redis.port) });
    service.spawn();
    expect(await service.exited()).toBe(1);
    expect(service.output).toMatch(/"level":"CRITICAL".*PORT \d+ of HOST 127.0.0.1 is already in use \(EADDRINUSE\)/);
    expect(service.output).not.toContain('"stack"');
  });

  it("with wrong secrets logs none of them", async () => {
    await using redis = await startRedis();
    await redis.client.config("SET", "requirepass", "right");
    await using service = await ServiceProcess.create({
      REDIS_URL: redis.url.replace("//", "//:wr0ng-secret@"),
      LOG_LEVEL: "trace",
    });
    await service.start();
    await service.until(
      () => service.get("/readyz"),
      ({ status }) => status === 503,
    );
    await service.until(
      () => service.output,
      (output) => output.includes("Redis connection"),
    );
    expect(service.output).not.toContain("wr0ng-secret");
  });
});

describe("stop", () => {
  it("by SIGTERM under load ends with status 0, no task runs twice, and the next start finishes the rest", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url });
    await service.start();
    await service.ready();
    const ids = await service.submit(100, { takesMs: 120 });
    await service.until(
      () => service.started(),
      (started) => started.length > 4,
    );
    service.kill("SIGTERM");
    expect(await service.exited()).toBe(0);
    const before = (await service.started()).length;
    expect(before).toBeLessThan(100);

    await service.start();
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: 100 });
    expect((await service.started()).toSorted()).toEqual(ids.toSorted());
    expect(await service.metric("mcp_worker_crashes_total")).toBe(0);
    expect(await service.metric("mcp_tasks_unaccounted")).toBe(0);
  });

  it("first reports not ready, and still answers for the delay that load balancers need", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url, SHUTDOWN_DELAY_MS: "2000" });
    await service.start();
    await service.ready();
    const from = performance.now();
    service.kill("SIGTERM");
    const readiness = await service.until(
      () => service.get("/readyz"),
      ({ status }) => status === 503,
    );
    expect(readiness.body).toMatchObject({
      checks: expect.arrayContaining([expect.objectContaining({ name: "shutdown" })]),
    });
    const ids = await service.submit(3);
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: 3 });
    expect(await service.exited()).toBe(0);
    expect(performance.now() - from).toBeGreaterThan(2_000);
  });

  it("by SIGTERM to all processes at once counts no crash and no poison candidate; new workers serve the delay", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({
      REDIS_URL: redis.url,
      SHUTDOWN_DELAY_MS: "60000",
      SHUTDOWN_TIMEOUT_MS: "300",
      DELIVERY_LIMIT: "1",
      WORKER_RESTART_MIN_MS: "60000",
      WORKER_RESTART_MAX_MS: "60000",
    });
    await service.start();
    await service.ready();
    const [before] = await service.workers();
    const ids = await service.submit(1, { takesMs: 900 });
    await service.until(
      () => service.started(),
      (started) => started.length === 1,
    );
    // Like KillMode=control-group of systemd, or stopasgroup of supervisor.
    for (const pid of [service.pid, before?.pid ?? 0]) process.kill(pid, "SIGTERM");
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: 1 });
    expect(await service.metric("mcp_worker_crashes_total")).toBe(0);
    const [after] = await service.workers();
    expect(after).toMatchObject({ restarts: 0 });
    expect(after?.pid).not.toBe(before?.pid);
    expect(service.output).not.toContain("crashed");
    // Ends the delay.
    service.kill("SIGTERM");
    await service.exited();
  });

  it("releases tasks that do not finish in time", async () => {
    const minIdleMs = 60_000;
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({
      REDIS_URL: redis.url,
      SHUTDOWN_TIMEOUT_MS: "300",
      ORPHAN_MIN_IDLE_MS: String(minIdleMs),
    });
    await service.start();
    await service.ready();
    const ids = await service.submit(3, { takesMs: 2_000 });
    await service.until(
      () => service.started(),
      (started) => started.length === 3,
    );
    service.kill("SIGTERM");
    expect(await service.exited()).toBe(0);
    // Any worker may claim them now. Unreleased, they would become orphans only after a minute.
    const { stream, group } = createKeys("mcp").queue("reasoning", "express");
    const pending = (await redis.client.xpending(stream, group, "-", "+", 10)) as [string, string, idleMs: number][];
    expect(pending).toHaveLength(3);
    for (const [, , idleMs] of pending) expect(idleMs).toBeGreaterThanOrEqual(minIdleMs);
    await service.start();
    await service.drained();
    expect(await service.states(ids)).toEqual({ completed: 3 });
  });

  it("by a second signal ends at once", async () => {
    await using redis = await startRedis();
    await using service = await ServiceProcess.create({ REDIS_URL: redis.url, SHUTDOWN_TIMEOUT_MS: "60000" });
    await service.start();
    await service.ready();
    await service.submit(1, { takesMs: 3_900 });
    await service.until(
      () => service.started(),
      (started) => started.length === 1,
    );
    service.kill("SIGINT");
    await service.until(
      () => service.output,
      (output) => output.includes("Stopping"),
    );
    service.kill("SIGTERM");
    expect(await service.exited()).toBe(1);
  });
});

describe("while it runs", () => {
  let redis: RedisServer;
  let service: ServiceProcess;
  beforeAll(async () => {
    redis = await startRedis();
    const workers = { reasoning: 1, codegen: 1, ml: 1 };
    service = await ServiceProcess.create({ REDIS_URL: redis.url, WORKER_RESTART_MAX_MS: "300" }, workers);
    await service.start();
    await service.ready();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  it("a changed log level applies to the workers, whose lines are in the same log file", async () => {
    await service.submit(1);
    await service.drained();
    expect(service.output).not.toContain("a line of the handler");
    await service.post("/api/v1/admin/log-level", { level: "debug" }, "PUT");
    await service.until(
      async () => {
        await service.submit(1);
        return await readFile(join(service.directory, "logs/orchestrator.log"), "utf8");
      },
      (text) => text.includes("a line of the handler"),
    );
    const text = await readFile(join(service.directory, "logs/orchestrator.log"), "utf8");
    const line = text.split("\n").find((candidate) => candidate.includes("a line of the handler")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ level: "DEBUG", worker: "express_pool:reasoning:0", type: "reasoning" });
    expect(JSON.parse(line).task_id).toMatch(/^reasoning\.express\./);
  });

  it("workers are scaled through the API", async () => {
    await service.scale("ml", 2);
    await service.until(
      () => service.metric("mcp_active_workers", 'type="ml"'),
      (active) => active === 2,
    );
    await service.scale("ml", 0);
    await service.until(
      () => service.metric("mcp_active_workers", 'type="ml"'),
      (active) => active === 0,
    );
    expect(await service.metric("mcp_expected_workers", 'type="ml"')).toBe(0);
    expect(await service.metric("mcp_worker_crashes_total")).toBe(0);
    expect((await service.get("/readyz")).status).toBe(200);
  });

  it("while Redis hangs, a scrape takes less than a second and omits its gauges", async () => {
    await service.drained();
    expect(await service.metric("mcp_queue_depth")).toBe(0);
    process.kill(redis.pid, "SIGSTOP");
    try {
      for (let scrape = 0; scrape < 3; scrape++) {
        const from = performance.now();
        const { body } = await service.get("/metrics");
        expect(performance.now() - from).toBeLessThan(1_000);
        expect(body).toContain("\nmcp_redis_up 0\n");
        expect(body).not.toMatch(/^mcp_(queue_depth|dlq_depth|tasks_unaccounted|oldest_task_age_seconds)[{ ]/m);
        expect(body).toMatch(/^mcp_tasks_completed_total\{/m);
      }
      expect((await service.get("/readyz")).status).toBe(503);
      await service.until(
        () => service.metric("mcp_active_workers"),
        (active) => active === 0,
      );
    } finally {
      process.kill(redis.pid, "SIGCONT");
    }
    await service.ready();
    expect(await service.metric("mcp_queue_depth")).toBe(0);
  });

  it("during a crash loop of a worker, the service stays up and the crash counter rises", async () => {
    for (let crashes = 1; crashes <= 3; crashes++) {
      const worker = await service.until(
        async () => (await service.workers()).find(({ type }) => type === "codegen"),
        (found) => found?.active === true,
      );
      process.kill(worker?.pid ?? 0, "SIGKILL");
      await service.until(
        () => service.metric("mcp_worker_crashes_total", 'type="codegen",reason="signal"'),
        (counted) => counted === crashes,
      );
    }
    expect((await service.get("/healthz")).status).toBe(200);
  });
});
