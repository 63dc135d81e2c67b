import { execFileSync } from "node:child_process";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { MAX_WORKERS_PER_TYPE } from "../../src/config/serviceSettings.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { BUILT_IN_TYPES, type CrashReason } from "../../src/metrics/contract.ts";
import { createLayout } from "../../src/metrics/layout.ts";
import { Totals } from "../../src/metrics/totals.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import { WorkerProcess } from "../../src/supervisor/workerProcess.ts";

/* Run side by side: most of each test is waiting, for limits that must leave a busy machine its time. */

const ACTIVE_WITHIN_MS = 1_000;

/** A supervisor of fixture workers, which is stopped at the end of its scope. */
function supervise(type: string, overrides: { workers?: number; restartMs?: readonly [number, number] } = {}) {
  const types = [type];
  const [restartMinMs, restartMaxMs] = overrides.restartMs ?? [50, 200];
  const totals = new Totals(createLayout(types));
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) };
  const supervisor = new Supervisor({
    instance: "test",
    settings: {
      script: new URL("./fixtures/worker.ts", import.meta.url),
      memoryLimitBytes: 64 * 1024 ** 2,
      restartMinMs,
      restartMaxMs,
      unresponsiveMs: 2_000,
      // A start may take its time, except for the one that is about never having started.
      startTimeoutMs: type === "silent" ? 2_000 : 30_000,
      activeWithinMs: ACTIVE_WITHIN_MS,
      workersPerType: overrides.workers ?? 1,
      watchIntervalMs: 50,
      drainTimeoutMs: 300,
    },
    types,
    totals,
    log: createLog("info", sink),
    sink,
    now: () => performance.now(),
    launch: (options) => new WorkerProcess(options),
    onDelayed: () => undefined,
    countDeath: () => undefined,
  });
  supervisor.start();
  const crashes = (reason: CrashReason) => totals.read("mcp_worker_crashes_total", { type, reason });
  const active = () => supervisor.status().filter((worker) => worker.active).length;
  const log = () => lines.join("");
  return { supervisor, totals, crashes, active, log, [Symbol.asyncDispose]: () => supervisor.stop() };
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

  it("one that is killed is counted as signal and another takes its place", async () => {
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

  it("one that is stopped (SIGSTOP) is recycled as unresponsive within its limit", async () => {
    await using supervision = supervise("healthy");
    const { crashes, supervisor, active, log } = supervision;
    await eventually(active, (count) => count === 1, 30_000);
    process.kill(supervisor.status()[0]?.pid ?? 0, "SIGSTOP");
    const stoppedAt = performance.now();
    await eventually(active, (count) => count === 0);
    await eventually(
      () => crashes("unresponsive"),
      (count) => count === 1,
      4_000,
    );
    expect(performance.now() - stoppedAt).toBeGreaterThan(1_500);
    expect(log()).toMatch(/Worker express_pool:healthy:0 stuck: no heartbeat/);
    await eventually(active, (count) => count === 1);
  });

  it("writes its last words into the log", async () => {
    await using supervision = supervise("throws");
    const { log } = supervision;
    await eventually(log, (text) => text.includes("Traceback of a handler"));
  });
});

it("a crash loop of the default workers goes on at the cap of the default back-off", async () => {
  const { perType, restartMaxMs } = loadConfig({}).workers;
  const workers = BUILT_IN_TYPES.length * perType;
  await using supervision = supervise("exits", { workers, restartMs: [restartMaxMs, restartMaxMs] });
  const { crashes, supervisor, log } = supervision;
  await eventually(
    () => Math.min(...supervisor.status().map(({ restarts }) => restarts)),
    (restarts) => restarts >= 2,
    60_000,
  );
  // How long a start takes is the machine's; the pauses are the supervisor's, and decide the rate.
  const pausesMs = [...log().matchAll(/crashed \(exit\), restart in (\d+) ms/g)].map(([, ms]) => Number(ms));
  expect(pausesMs.length).toBe(crashes("exit"));
  expect(new Set(pausesMs)).toEqual(new Set([restartMaxMs]));
});

describe.concurrent("the number of workers", () => {
  it("can be raised and lowered while running, without a crash counted", async () => {
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
    expect(crashes("exit") + crashes("signal")).toBe(0);
  });

  it("can be raised again while the worker to go is still stopping", async () => {
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
    expect(crashes("signal")).toBe(0);
  });

  it("refuses unknown types and numbers out of bounds", async () => {
    await using supervision = supervise("healthy");
    const { supervisor } = supervision;
    expect(() => supervisor.scale("nope", 1)).toThrow(/No such task type/);
    for (const count of [-1, 1.5, MAX_WORKERS_PER_TYPE + 1])
      expect(() => supervisor.scale("healthy", count)).toThrow(RangeError);
  });
});

it.concurrent("counts as active only who polls both lanes", async () => {
  await using supervision = supervise("deaf");
  const { supervisor, active } = supervision;
  await eventually(
    () => supervisor.status()[0]?.heartbeatAgeMs,
    (age) => age !== undefined,
  );
  expect(active()).toBe(0);
});

it.concurrent("takes in deltas once and says the worst state of each circuit breaker; a dead worker's breaker no longer counts", async () => {
  await using supervision = supervise("healthy", { workers: 2 });
  const { supervisor, totals, active } = supervision;
  await eventually(active, (count) => count === 2);
  expect(totals.values[0]).toBe(2);
  // One worker says 2 and 0, the other 0 and 1.
  expect(supervisor.circuits()).toEqual([2, 1]);
  supervisor.scale("healthy", 0);
  await eventually(
    () => supervisor.status().length,
    (count) => count === 0,
  );
  expect(supervisor.circuits()).toEqual([0, 0]);
});

it.concurrent("shows its workers by name in the process list", async () => {
  await using supervision = supervise("healthy");
  const { supervisor, active } = supervision;
  await eventually(active, (count) => count === 1);
  const pids = execFileSync("pgrep", ["-f", "express_pool:healthy:0"], { encoding: "utf8" }).trim().split("\n");
  expect(pids).toContain(String(supervisor.status()[0]?.pid));
});
