import { execFileSync } from "node:child_process";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { MAX_WORKERS_PER_TYPE } from "../../src/config/serviceSettings.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { BUILT_IN_TYPES, type CrashReason } from "../../src/metrics/contract.ts";
import { createLayout } from "../../src/metrics/layout.ts";
import { ServiceMetrics } from "../../src/metrics/serviceMetrics.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import { WorkerProcess } from "../../src/supervisor/workerProcess.ts";

/* The tests run concurrently, because they mostly wait for limits, which are generous for busy machines. */

const ACTIVE_WITHIN_MS = 1_000;
const UNRESPONSIVE_MS = 2_000;

/** Creates a supervisor of fixture workers. It stops at the end of its scope. */
function supervise(type: string, overrides: { workers?: number; restartMs?: readonly [number, number] } = {}) {
  const types = [type];
  const [restartMinMs, restartMaxMs] = overrides.restartMs ?? [50, 200];
  const metrics = new ServiceMetrics(createLayout(types));
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) };
  const supervisor = new Supervisor({
    instance: "test",
    settings: {
      script: new URL("./fixtures/worker.ts", import.meta.url),
      memoryLimitBytes: 64 * 1024 ** 2,
      restartMinMs,
      restartMaxMs,
      unresponsiveMs: UNRESPONSIVE_MS,
      // A start may take long, except in the test of a worker that never starts.
      startTimeoutMs: type === "silent" ? 2_000 : 30_000,
      activeWithinMs: ACTIVE_WITHIN_MS,
      workersPerType: overrides.workers ?? 1,
      watchIntervalMs: 50,
      drainTimeoutMs: 300,
    },
    types,
    metrics,
    log: createLog("info", sink),
    sink,
    now: () => performance.now(),
    launch: (options) => new WorkerProcess(options),
    onDelayed: () => undefined,
    countDeath: () => undefined,
  });
  supervisor.start();
  const crashes = async (reason: CrashReason) => {
    const counted = await metrics.read("mcp_worker_crashes_total");
    return counted.find(({ labels }) => labels.reason === reason)?.value ?? 0;
  };
  const active = () => supervisor.status().filter((worker) => worker.active).length;
  const log = () => lines.join("");
  return { supervisor, metrics, crashes, active, log, [Symbol.asyncDispose]: () => supervisor.stop() };
}

describe.concurrent("a worker that dies", () => {
  it.each([
    ["exits", "exit"],
    ["throws", "exit"],
    ["hoards", "oom"],
    ["fat", "oom"],
    ["silent", "unresponsive"],
    ["stuck", "unresponsive"],
  ] as const)("one that %s is counted as %s, logged and restarted", async (behaviour, reason) => {
    await using supervision = supervise(behaviour);
    const { crashes, supervisor, log } = supervision;
    await eventually(
      () => crashes(reason),
      (count) => count >= 2,
      30_000,
    );
    expect(log()).toMatch(new RegExp(`Worker express_pool:${behaviour}:0 crashed \\(${reason}\\)`));
    const [worker] = supervisor.status();
    expect(worker?.restarts).toBeGreaterThanOrEqual(2);
    expect(worker?.lastCrash?.reason).toBe(reason);
  });

  it("one that is killed is counted as signal and replaced", async () => {
    await using supervision = supervise("healthy");
    const { crashes, supervisor, active } = supervision;
    await eventually(active, (count) => count === 1);
    const before = supervisor.status()[0]?.pid ?? 0;
    process.kill(before, "SIGKILL");
    await eventually(
      () => crashes("signal"),
      (count) => count === 1,
    );
    await eventually(
      () => supervisor.status()[0],
      (worker) => worker?.active === true && worker.pid !== before,
    );
  });

  it("one that is stopped (SIGSTOP) is restarted as unresponsive within the limit", async () => {
    await using supervision = supervise("healthy");
    const { crashes, supervisor, active, log } = supervision;
    await eventually(active, (count) => count === 1, 30_000);
    const [{ pid = 0, heartbeatAgeMs = 0 } = {}] = supervisor.status();
    const heartbeatAtMs = performance.now() - heartbeatAgeMs;
    process.kill(pid, "SIGSTOP");
    await eventually(active, (count) => count === 0);
    await eventually(
      () => crashes("unresponsive"),
      (count) => count === 1,
    );
    // The age is rounded.
    expect(performance.now() - heartbeatAtMs).toBeGreaterThanOrEqual(UNRESPONSIVE_MS - 1);
    const [, silentMs] = /Worker express_pool:healthy:0 stuck: no heartbeat for (\d+) ms/.exec(log()) ?? [];
    expect(Number(silentMs)).toBeGreaterThanOrEqual(UNRESPONSIVE_MS);
    expect(Number(silentMs)).toBeLessThan(2 * UNRESPONSIVE_MS);
    await eventually(active, (count) => count === 1);
  });

  it("has its last output in the log", async () => {
    await using supervision = supervise("throws");
    const { log } = supervision;
    await eventually(log, (text) => text.includes("Traceback of a handler"));
  });
});

type Line = { readonly msg: string; readonly time: string; readonly worker: string; readonly restartInMs?: number };

it("a crash loop of the default workers continues at the cap of the default backoff", async () => {
  const { perType, restartMaxMs } = loadConfig({}).workers;
  const workers = BUILT_IN_TYPES.length * perType;
  await using supervision = supervise("exits", { workers, restartMs: [restartMaxMs, restartMaxMs] });
  const { crashes, supervisor, log } = supervision;
  await eventually(
    () => Math.min(...supervisor.status().map(({ restarts }) => restarts)),
    (restarts) => restarts >= 2,
    60_000,
  );
  // The duration of a start depends on the machine. The pauses of the supervisor determine the rate.
  const lines = log()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const crashed = lines.filter(({ restartInMs }) => restartInMs !== undefined);
  expect(crashed.length).toBe(await crashes("exit"));
  expect(new Set(crashed.map(({ restartInMs }) => restartInMs))).toEqual(new Set([restartMaxMs]));
  const pausesMs = crashed.flatMap((crash) => {
    const later = lines.slice(lines.indexOf(crash));
    const next = later.find(({ msg, worker }) => worker === crash.worker && msg.endsWith("started"));
    return next === undefined ? [] : [Date.parse(next.time) - Date.parse(crash.time)];
  });
  expect(pausesMs.length).toBeGreaterThanOrEqual(workers);
  for (const pauseMs of pausesMs) {
    // A timer may fire a millisecond early.
    expect(pauseMs).toBeGreaterThanOrEqual(restartMaxMs - 1);
    expect(pauseMs).toBeLessThan(1.5 * restartMaxMs);
  }
});

describe.concurrent("the number of workers", () => {
  it("can be raised and lowered at run time, without counting a crash", async () => {
    await using supervision = supervise("healthy", { workers: 2 });
    const { supervisor, crashes, active } = supervision;
    await eventually(active, (count) => count === 2);
    supervisor.scale("healthy", 4);
    await eventually(active, (count) => count === 4);
    supervisor.scale("healthy", 1);
    await eventually(
      () => supervisor.status(),
      (status) => status.length === 1 && status[0]?.active === true,
    );
    supervisor.scale("healthy", 2);
    await eventually(active, (count) => count === 2);
    expect((await crashes("exit")) + (await crashes("signal"))).toBe(0);
  });

  it("can be raised again while a surplus worker is still stopping", async () => {
    await using supervision = supervise("stubborn");
    const { supervisor, crashes, active } = supervision;
    await eventually(active, (count) => count === 1);
    const before = supervisor.status()[0]?.pid;
    supervisor.scale("stubborn", 0);
    supervisor.scale("stubborn", 1);
    await eventually(
      () => supervisor.status()[0],
      (worker) => worker?.active === true && worker.pid !== before,
      20_000,
    );
    expect(await crashes("signal")).toBe(0);
  });

  it("rejects unknown types and numbers out of bounds", async () => {
    await using supervision = supervise("healthy");
    const { supervisor } = supervision;
    expect(() => supervisor.scale("nope", 1)).toThrow(/No such task type/);
    for (const count of [-1, 1.5, MAX_WORKERS_PER_TYPE + 1])
      expect(() => supervisor.scale("healthy", count)).toThrow(RangeError);
  });
});

it.concurrent("counts only workers that poll both lanes as active", async () => {
  await using supervision = supervise("deaf");
  const { supervisor, active } = supervision;
  await eventually(
    () => supervisor.status()[0]?.heartbeatAgeMs,
    (age) => age !== undefined,
  );
  expect(active()).toBe(0);
});

it.concurrent("adds deltas once, and reports the worst state of each circuit breaker of living workers", async () => {
  await using supervision = supervise("healthy", { workers: 2 });
  const { supervisor, metrics, active } = supervision;
  await eventually(active, (count) => count === 2);
  const counted = (await metrics.read("mcp_tasks_enqueued_total")).map(({ value }) => value);
  expect(counted).toEqual([2, 0]);
  // One worker reports 2 and 0, the other 0 and 1.
  expect(supervisor.circuits()).toEqual([2, 1]);
  supervisor.scale("healthy", 0);
  await eventually(
    () => supervisor.status().length,
    (count) => count === 0,
  );
  expect(supervisor.circuits()).toEqual([0, 0]);
});

it.concurrent("gives its workers a name in the process list", async () => {
  await using supervision = supervise("healthy");
  const { supervisor, active } = supervision;
  await eventually(active, (count) => count === 1);
  const pids = execFileSync("pgrep", ["-f", "express_pool:healthy:0"], { encoding: "utf8" }).trim().split("\n");
  expect(pids).toContain(String(supervisor.status()[0]?.pid));
});
