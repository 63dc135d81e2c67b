import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { loadConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { createLoops, createPromotion, type MaintenanceDeps } from "./maintenance.ts";
import type { Supervisor } from "./supervisor.ts";

const INTERVAL_MS = 5_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

function setUp(nextDueMs: () => number | undefined) {
  const atMs: number[] = [];
  const lines: string[] = [];
  const startedAtMs = performance.now();
  const promotion = createPromotion({
    promoter: {
      runOnce: async () => {
        atMs.push(performance.now() - startedAtMs);
        return { nextDueMs: nextDueMs(), failures: [] };
      },
    },
    intervalMs: INTERVAL_MS,
    log: createLog("info", { write: (line) => void lines.push(JSON.parse(line).msg) }),
  });
  promotion.loop.start();
  return { promotion, atMs, lines };
}

it("runs a round at the start, and then at the configured interval while no task is delayed", async () => {
  const { promotion, atMs } = setUp(() => undefined);
  await vi.advanceTimersByTimeAsync(2 * INTERVAL_MS + 100);
  await promotion.loop.stop();
  expect(atMs).toEqual([50, 50 + INTERVAL_MS, 50 + 2 * INTERVAL_MS]);
});

it("sleeps until the next task is due, known or announced", async () => {
  const due = [1_200, 4_000, 10];
  const { promotion, atMs } = setUp(() => due.shift());
  await vi.advanceTimersByTimeAsync(1_300);
  promotion.delayed(500);
  await vi.advanceTimersByTimeAsync(600);
  await promotion.loop.stop();
  expect(atMs).toEqual([50, 1_250, 1_800, 1_850]);
});

it("runs one round for all tasks that are due at nearly the same time", async () => {
  const { promotion, atMs } = setUp(() => undefined);
  await vi.advanceTimersByTimeAsync(100);
  for (let count = 0; count < 40; count++) {
    promotion.delayed(1);
    await vi.advanceTimersByTimeAsync(5);
  }
  await promotion.loop.stop();
  expect(atMs).toEqual([50, 150, 200, 250, 300]);
});

it("waits for the interval after a failed round, which is logged", async () => {
  const { promotion, atMs, lines } = setUp(() => {
    throw new Error("no Redis");
  });
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  await promotion.loop.stop();
  expect(atMs).toEqual([50]);
  expect(lines).toEqual(["promotion of due tasks failed: no Redis"]);
});

it("logs the start and the end of a promotion failure", async () => {
  const lines: string[] = [];
  const rounds = [["a"], ["a", "b"], ["b"], [], ["a"]];
  const promotion = createPromotion({
    promoter: {
      runOnce: async () => {
        const failures = (rounds.shift() ?? []).map((queue) => ({ queue, error: "WRONGTYPE" }));
        return { nextDueMs: undefined, failures };
      },
    },
    intervalMs: INTERVAL_MS,
    log: createLog("info", { write: (line) => void lines.push(JSON.parse(line).msg) }),
  });
  const logged: string[][] = [];
  promotion.loop.start();
  await vi.advanceTimersByTimeAsync(60);
  while (logged.push(lines.splice(0)) < 5) await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  await promotion.loop.stop();
  expect(logged).toEqual([
    ["Promotion of a fails: WRONGTYPE"],
    ["Promotion of b fails: WRONGTYPE"],
    ["Promotion of a works again"],
    ["Promotion of b works again"],
    ["Promotion of a fails: WRONGTYPE"],
  ]);
});

/** The loops with dependencies that count their calls, and with two types whose worker numbers the test sets. */
function setUpLoops(environment: Record<string, string>, lags: ReadonlyMap<string, number> = new Map(), fails = false) {
  const done: Record<string, number> = {};
  const lines: string[] = [];
  const count = (name: string) => async () => {
    done[name] = (done[name] ?? 0) + 1;
    if (fails) throw new Error("no Redis");
  };
  const wanted = new Map([
    ["ml", 2],
    ["chat", 2],
  ]);
  const leased: unknown[][] = [];
  const scaled: string[] = [];
  const deps: MaintenanceDeps = {
    config: loadConfig(environment),
    log: createLog("info", { write: (line) => void lines.push(JSON.parse(line).msg) }),
    types: [...wanted.keys()],
    supervisor: {
      alive: () => [{ type: "ml", index: 1 }],
      wanted: (type: string) => wanted.get(type) ?? 0,
      scale: (type: string, workers: number) => {
        scaled.push(`${type} ${workers}`);
        wanted.set(type, workers);
      },
    } as unknown as Supervisor,
    leases: {
      runOnce: async (...args) => {
        leased.push(args);
        await count("leases")();
      },
    },
    presence: { runOnce: count("presence") },
    janitor: { runOnce: count("janitor") },
    trimDeadLetters: count("dead letters"),
    ackWindow: { read: count("window") },
    readiness: { check: count("self-check") },
    readLag: async () => {
      await count("lag")();
      return lags;
    },
  };
  const loops = createLoops(deps);
  for (const loop of loops) loop.start();
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await Promise.all(loops.map((loop) => loop.stop()));
  };
  return { done, lines, leased, scaled, wanted, pass };
}

it("runs each loop at its own interval", async () => {
  const { done, leased, scaled, pass } = setUpLoops({ LEASE_INTERVAL_MS: "2000", JANITOR_INTERVAL_MS: "20000" });
  await pass(61_000);
  for (const [name, intervalMs] of [
    ["leases", 2_000],
    ["presence", 1_000],
    ["janitor", 20_000],
    ["dead letters", 20_000],
    ["window", 5_000],
    ["self-check", 30_000],
  ] as const) {
    // The jitter makes a pause up to 10 % longer or shorter.
    expect(done[name], name).toBeGreaterThanOrEqual(Math.floor(61_000 / (1.1 * intervalMs)));
    expect(done[name], name).toBeLessThanOrEqual(Math.ceil(61_000 / (0.9 * intervalMs)));
  }
  for (const args of leased) expect(args).toEqual([[{ type: "ml", index: 1 }], 2_000]);
  expect(done.lag).toBeUndefined();
  expect(scaled).toEqual([]);
});

it("scales each type by its own backlog if autoscaling is on", async () => {
  const environment = { AUTOSCALE: "true", AUTOSCALE_INTERVAL_MS: "5000", AUTOSCALE_LAG_PER_WORKER: "50" };
  const { scaled, wanted, pass } = setUpLoops(environment, new Map([["chat", 150]]));
  await pass(60_000);
  // The type without a backlog is already at its minimum.
  expect(scaled).toEqual(["chat 3"]);
  expect(Object.fromEntries(wanted)).toEqual({ ml: 2, chat: 3 });
});

it("logs failed rounds with the name of the loop, and continues", async () => {
  const { done, lines, pass } = setUpLoops({ AUTOSCALE: "true", JANITOR_INTERVAL_MS: "10000" }, new Map(), true);
  await pass(70_000);
  expect([...new Set(lines)].toSorted()).toEqual([
    "acknowledgement window failed: no Redis",
    "autoscaling failed: no Redis",
    "limits of the dead letter queue failed: no Redis",
    "presence failed: no Redis",
    "removal of gone consumers failed: no Redis",
    "renewal of leases failed: no Redis",
    "self-check failed: no Redis",
  ]);
  for (const [name, count] of Object.entries(done)) expect(count, name).toBeGreaterThan(1);
});
