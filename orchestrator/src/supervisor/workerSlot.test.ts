import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_WORKERS_PER_TYPE } from "../config/serviceSettings.ts";
import { createLog } from "../log.ts";
import { createLayout } from "../metrics/layout.ts";
import { Totals } from "../metrics/totals.ts";
import type { Heartbeat, ToWorker } from "./protocol.ts";
import { Supervisor } from "./supervisor.ts";
import type { RunningWorker, WorkerProcessOptions } from "./workerProcess.ts";

/** What the supervisor says of its workers and does to them, value by value, with a clock and processes of the test. */

const TYPES = ["ml", "chat"];
const SETTINGS = {
  script: new URL("file:///worker"),
  memoryLimitBytes: 1_000,
  restartMinMs: 100,
  restartMaxMs: 1_600,
  unresponsiveMs: 5_000,
  startTimeoutMs: 8_000,
  activeWithinMs: 3_000,
  workersPerType: 1,
  // The test looks when it wants to.
  watchIntervalMs: 1e9,
  drainTimeoutMs: 2_000,
};

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

class Process implements RunningWorker {
  readonly sent: ToWorker[] = [];
  readonly kills: (string | undefined)[] = [];
  readonly options: WorkerProcessOptions;
  readonly pid: number;

  constructor(options: WorkerProcessOptions, pid: number) {
    this.options = options;
    this.pid = pid;
  }

  send(message: ToWorker): void {
    this.sent.push(message);
  }

  kill(reason?: "oom" | "unresponsive"): void {
    this.kills.push(reason);
  }

  beat(overrides: Partial<Heartbeat> = {}): void {
    const pollAgeMs = { express: 0, regular: 0 };
    const beat = { kind: "heartbeat", pollAgeMs, inFlight: 0, rssBytes: 500, paused: "", stuckTask: "" } as const;
    this.options.onMessage({ ...beat, ...overrides });
  }
}

function setUp(overrides: Partial<typeof SETTINGS> = {}) {
  let nowMs = 1_000;
  const processes: Process[] = [];
  const lines: string[] = [];
  const delays: number[] = [];
  const totals = new Totals(createLayout(TYPES));
  const sink = { write: (line: string) => void lines.push(line) };
  const supervisor = new Supervisor({
    instance: "test",
    settings: { ...SETTINGS, ...overrides },
    types: TYPES,
    totals,
    log: createLog("info", sink),
    sink,
    now: () => nowMs,
    launch: (options) => {
      const started = new Process(options, 100 + processes.length);
      processes.push(started);
      return started;
    },
    onDelayed: (delayMs) => void delays.push(delayMs),
    countDeath: () => undefined,
  });
  supervisor.start();
  const [ml, chat] = processes as [Process, Process];
  const pass = (ms: number) => {
    nowMs += ms;
    vi.advanceTimersByTime(ms);
  };
  const crash = (process: Process, code: number | null = 1, signal: NodeJS.Signals | null = null) =>
    process.options.onEnd({ code, signal, killedFor: undefined, heapExhausted: false });
  const statusOf = (type: string) => supervisor.status().find((worker) => worker.type === type);
  return { supervisor, totals, processes, ml, chat, pass, crash, statusOf, delays, log: () => lines.join("") };
}

describe("the status of a worker", () => {
  it("is that of one that has not said anything yet", () => {
    const { pass, statusOf } = setUp();
    pass(700);
    expect(statusOf("ml")).toEqual({
      worker: "express_pool:ml:0",
      type: "ml",
      index: 0,
      state: "running",
      active: false,
      pid: 100,
      restarts: 0,
      upMs: 700,
      heartbeatAgeMs: undefined,
      pollAgeMs: undefined,
      inFlight: 0,
      rssBytes: 0,
      paused: "",
      lastCrash: undefined,
    });
  });

  it("has what its last heartbeat says, and ages since then", () => {
    const { ml, pass, statusOf } = setUp();
    pass(700);
    ml.beat({ pollAgeMs: { express: 10, regular: 20 }, inFlight: 3, rssBytes: 900, paused: "breaker" });
    pass(50);
    expect(statusOf("ml")).toMatchObject({
      active: true,
      upMs: 750,
      heartbeatAgeMs: 50,
      pollAgeMs: { express: 60, regular: 70 },
      inFlight: 3,
      rssBytes: 900,
      paused: "breaker",
    });
    expect(statusOf("chat")).toMatchObject({ inFlight: 0, active: false });
  });

  it.each([
    ["both lanes polled at the limit", { express: 2_000, regular: 2_000 }, 1_000, true],
    ["the express lane polled before it", { express: 2_001, regular: 0 }, 1_000, false],
    ["the regular lane polled before it", { express: 0, regular: 2_001 }, 1_000, false],
    ["a heartbeat that is as old as that", { express: 0, regular: 0 }, 3_001, false],
  ])("is active or not: %s", (_, pollAgeMs, ageMs, active) => {
    const { ml, pass, statusOf } = setUp();
    ml.beat({ pollAgeMs });
    pass(ageMs);
    expect(statusOf("ml")?.active).toBe(active);
  });

  it("is that of one that crashed and waits for its restart, and of the next one", () => {
    const { ml, pass, crash, statusOf, processes, totals } = setUp();
    ml.beat();
    pass(400);
    crash(ml, 3);
    pass(60);
    expect(statusOf("ml")).toMatchObject({
      state: "restarting",
      active: false,
      pid: undefined,
      restarts: 1,
      upMs: 0,
      rssBytes: 0,
      lastCrash: { reason: "exit", agoMs: 60 },
    });
    pass(39);
    expect(processes).toHaveLength(2);
    pass(1);
    expect(processes).toHaveLength(3);
    expect(statusOf("ml")).toMatchObject({ state: "running", pid: 102, restarts: 1, upMs: 0 });
    expect(totals.read("mcp_worker_crashes_total", { type: "ml", reason: "exit" })).toBe(1);
    expect(totals.read("mcp_worker_crashes_total", { type: "chat", reason: "exit" })).toBe(0);
  });

  it("is stopping until it has ended, and gone then, without a crash", async () => {
    const { ml, supervisor, crash, statusOf, totals } = setUp();
    ml.beat();
    supervisor.scale("ml", 0);
    expect(statusOf("ml")).toMatchObject({ state: "stopping", active: false, pid: 100 });
    expect(ml.sent.at(-1)).toEqual({ kind: "drain", timeoutMs: 2_000 });
    crash(ml, 0);
    expect(statusOf("ml")).toBeUndefined();
    expect(supervisor.wanted("ml")).toBe(0);
    expect(supervisor.wanted("chat")).toBe(1);
    expect(totals.read("mcp_worker_crashes_total", { type: "ml", reason: "exit" })).toBe(0);
  });
});

describe("a look at the workers", () => {
  it.each([
    ["silence at its limit", 5_000, {}, []],
    ["silence over its limit", 5_001, {}, ["unresponsive"]],
    ["memory at its limit", 0, { rssBytes: 1_000 }, []],
    ["memory over its limit", 0, { rssBytes: 1_001 }, ["oom"]],
    ["a task that ignores its abort", 0, { stuckTask: "t-1" }, ["unresponsive"]],
  ] as const)("kills or spares for %s", (_, ageMs, beat, kills) => {
    const { ml, chat, pass, supervisor } = setUp();
    ml.beat(beat);
    pass(ageMs);
    chat.beat();
    supervisor.check();
    expect(ml.kills).toEqual(kills);
    expect(chat.kills).toEqual([]);
  });

  it("gives a worker more time for its start than for a heartbeat", () => {
    const { ml, pass, supervisor } = setUp();
    pass(8_000);
    supervisor.check();
    expect(ml.kills).toEqual([]);
    expect(supervisor.alive()).toContainEqual({ type: "ml", index: 0 });
    pass(1);
    expect(supervisor.alive()).toEqual([]);
    supervisor.check();
    expect(ml.kills).toEqual(["unresponsive"]);
  });

  it("gives it as long as for a heartbeat where the start is to be quicker", () => {
    const { ml, pass, supervisor } = setUp({ startTimeoutMs: 10 });
    pass(5_000);
    supervisor.check();
    expect(ml.kills).toEqual([]);
  });

  it("that comes late excuses the silence, once", () => {
    const { ml, pass, supervisor } = setUp({ watchIntervalMs: 1_000 });
    ml.beat();
    pass(3_001);
    ml.beat();
    supervisor.check();
    pass(9_000);
    supervisor.check();
    expect(ml.kills).toEqual([]);
    for (let looks = 0; looks < 5; looks++) {
      pass(1_000);
      supervisor.check();
    }
    expect(ml.kills).toEqual([]);
    pass(1_000);
    supervisor.check();
    expect(ml.kills).toEqual(["unresponsive"]);
  });

  it("that is only just late enough to be on time excuses nothing", () => {
    const { ml, pass, supervisor } = setUp({ watchIntervalMs: 2_000 });
    ml.beat();
    pass(6_000);
    supervisor.check();
    expect(ml.kills).toEqual(["unresponsive"]);
  });

  it("says which workers are alive: their leases are renewed", () => {
    const { ml, chat, pass, supervisor } = setUp();
    ml.beat();
    pass(4_000);
    chat.beat();
    expect(supervisor.alive()).toEqual([
      { type: "ml", index: 0 },
      { type: "chat", index: 0 },
    ]);
    pass(1_001);
    expect(supervisor.alive()).toEqual([{ type: "chat", index: 0 }]);
  });
});

describe("what workers report", () => {
  it("has the worst state of each breaker over all workers, without those that are gone", () => {
    const { ml, chat, supervisor, crash } = setUp();
    expect(supervisor.circuits()).toEqual([0, 0]);
    ml.options.onMessage({ kind: "metrics", deltas: [], circuits: [1, 0] });
    chat.options.onMessage({ kind: "metrics", deltas: [], circuits: [0, 2] });
    expect(supervisor.circuits()).toEqual([1, 2]);
    ml.options.onMessage({ kind: "metrics", deltas: [], circuits: [2, 1] });
    expect(supervisor.circuits()).toEqual([2, 2]);
    crash(chat);
    expect(supervisor.circuits()).toEqual([2, 1]);
    crash(ml);
    expect(supervisor.circuits()).toEqual([0, 0]);
  });

  it("is added once, passed on, or dropped as a whole and logged when it makes no sense", () => {
    const { ml, chat, totals, delays, log } = setUp();
    const cell = totals.layout.offsetOf("mcp_tasks_completed_total", { type: "ml", lane: "regular" });
    ml.options.onMessage({ kind: "metrics", deltas: [cell, 4], circuits: [] });
    chat.options.onMessage({ kind: "metrics", deltas: [cell, 1], circuits: [] });
    expect(totals.values[cell]).toBe(5);
    expect(log()).not.toContain("Malformed");
    ml.options.onMessage({ kind: "metrics", deltas: [cell, 4, cell, -1], circuits: [] });
    expect(totals.values[cell]).toBe(5);
    expect(log()).toContain("Malformed metrics from a worker");
    ml.options.onMessage({ kind: "delayed", delayMs: 42 });
    expect(delays).toEqual([42]);
  });
});

describe("a worker is notified", () => {
  it("how to start, and a level of the log that changes, at once and when it is restarted", () => {
    const { ml, chat, supervisor } = setUp();
    expect(ml.sent).toMatchObject([{ kind: "start", types: TYPES, logLevel: "info" }]);
    expect(ml.options).toMatchObject({ type: "ml", index: 0, memoryLimitBytes: 1_000, script: SETTINGS.script });
    supervisor.setLogLevel("debug");
    for (const each of [ml, chat]) expect(each.sent.at(-1)).toEqual({ kind: "level", logLevel: "debug" });
  });

  it("to drain, and is killed when it takes much longer than it was given", async () => {
    const { ml, chat, supervisor, pass, crash } = setUp();
    const stopped = supervisor.stop();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    expect(ml.sent.at(-1)).toEqual({ kind: "drain", timeoutMs: 2_000 });
    crash(chat, 0);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    pass(2_699);
    expect(ml.kills).toEqual([]);
    pass(1);
    expect(ml.kills).toEqual([undefined]);
    expect(chat.kills).toEqual([]);
    crash(ml, null, "SIGKILL");
    await stopped;
    expect(supervisor.status()).toEqual([]);
  });
});

describe("scaling", () => {
  it("starts and stops the last ones, and goes on with one that is still stopping", () => {
    const { supervisor, processes, ml, crash, log } = setUp();
    supervisor.scale("ml", 3);
    expect(processes.map(({ options }) => `${options.type} ${options.index}`)).toEqual([
      "ml 0",
      "chat 0",
      "ml 1",
      "ml 2",
    ]);
    expect(supervisor.wanted("ml")).toBe(3);
    expect(log()).toContain("Scaling ml from 1 to 3 workers");
    supervisor.scale("ml", 1);
    const [, , second, third] = processes as [Process, Process, Process, Process];
    expect(ml.sent.some(({ kind }) => kind === "drain")).toBe(false);
    for (const each of [second, third]) expect(each.sent.at(-1)?.kind).toBe("drain");
    supervisor.scale("ml", 2);
    expect(processes).toHaveLength(4);
    crash(second, 0);
    expect(processes).toHaveLength(5);
    expect(processes[4]?.options).toMatchObject({ type: "ml", index: 1 });
    crash(third, 0);
    expect(processes).toHaveLength(5);
  });

  it.each([-1, 1.5, Number.NaN, MAX_WORKERS_PER_TYPE + 1])("refuses %s workers, and unknown types", (count) => {
    const { supervisor, processes } = setUp();
    expect(() => supervisor.scale("ml", count)).toThrow(RangeError);
    expect(() => supervisor.scale("nope", 1)).toThrow("nope");
    expect(supervisor.wanted("ml")).toBe(1);
    expect(supervisor.wanted("nope")).toBe(0);
    expect(processes).toHaveLength(2);
  });

  it("down forgets a restart that is due", () => {
    const { supervisor, processes, ml, pass, crash } = setUp();
    crash(ml);
    supervisor.scale("ml", 0);
    pass(10_000);
    expect(processes).toHaveLength(2);
    expect(supervisor.status().map(({ type }) => type)).toEqual(["chat"]);
  });
});
