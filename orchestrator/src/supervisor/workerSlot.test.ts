import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_WORKERS_PER_TYPE } from "../config/serviceSettings.ts";
import { createLog } from "../log.ts";
import { createLayout } from "../metrics/layout.ts";
import { ServiceMetrics } from "../metrics/serviceMetrics.ts";
import type { Heartbeat, ToWorker } from "./protocol.ts";
import { Supervisor } from "./supervisor.ts";
import type { RunningWorker, WorkerProcessOptions } from "./workerProcess.ts";

/** Tests status and actions of the supervisor value by value, with a clock and processes that the test controls. */

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
  // The test itself calls `check`.
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

type CountDeath = ConstructorParameters<typeof Supervisor>[0]["countDeath"];

function setUp(overrides: Partial<typeof SETTINGS> = {}, countDeath: CountDeath = () => undefined) {
  let nowMs = 1_000;
  const processes: Process[] = [];
  const lines: string[] = [];
  const delays: number[] = [];
  const metrics = new ServiceMetrics(createLayout(TYPES));
  const crashes = async (type: string) => {
    const counted = await metrics.read("mcp_worker_crashes_total");
    return counted.find(({ labels }) => labels.type === type && labels.reason === "exit")?.value;
  };
  const sink = { write: (line: string) => void lines.push(line) };
  const supervisor = new Supervisor({
    instance: "test",
    settings: { ...SETTINGS, ...overrides },
    types: TYPES,
    metrics,
    log: createLog("info", sink),
    sink,
    now: () => nowMs,
    launch: (options) => {
      const started = new Process(options, 100 + processes.length);
      processes.push(started);
      return started;
    },
    onDelayed: (delayMs) => void delays.push(delayMs),
    countDeath,
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
  /** The log lines that contain a text. */
  const logged = (text: string) =>
    lines
      .map((line) => JSON.parse(line) as { level: string; msg: string; [field: string]: unknown })
      .filter(({ msg }) => msg.includes(text));
  return {
    supervisor,
    metrics,
    crashes,
    processes,
    ml,
    chat,
    pass,
    crash,
    statusOf,
    delays,
    logged,
    log: () => lines.join(""),
  };
}

/** Runs the continuations of resolved promises. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

describe("the status of a worker", () => {
  it("has no heartbeat before the first one", () => {
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

  it("contains the last heartbeat and its age", () => {
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
    ["the heartbeat is too old", { express: 0, regular: 0 }, 3_001, false],
  ])("is active if both lanes polled recently: %s", (_, pollAgeMs, ageMs, active) => {
    const { ml, pass, statusOf } = setUp();
    ml.beat({ pollAgeMs });
    pass(ageMs);
    expect(statusOf("ml")?.active).toBe(active);
  });

  it("is restarting after a crash, and running after the restart", async () => {
    const { ml, pass, crash, statusOf, processes, crashes, supervisor } = setUp();
    ml.beat();
    pass(400);
    expect(supervisor.alive()).toEqual(TYPES.map((type) => ({ type, index: 0 })));
    crash(ml, 3);
    pass(60);
    // The leases of its entries are not renewed: it does not work on them.
    expect(supervisor.alive()).toEqual([{ type: "chat", index: 0 }]);
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
    expect(await crashes("ml")).toBe(1);
    expect(await crashes("chat")).toBe(0);
  });

  it("is stopping until the worker has ended, then absent, without a crash", async () => {
    const { ml, supervisor, crash, statusOf, crashes } = setUp();
    ml.beat();
    supervisor.scale("ml", 0);
    expect(statusOf("ml")).toMatchObject({ state: "stopping", active: false, pid: 100 });
    expect(ml.sent.at(-1)).toEqual({ kind: "drain", timeoutMs: 2_000 });
    crash(ml, 0);
    expect(statusOf("ml")).toBeUndefined();
    expect(supervisor.wanted("ml")).toBe(0);
    expect(supervisor.wanted("chat")).toBe(1);
    expect(await crashes("ml")).toBe(0);
  });
});

describe("a worker that receives a signal", () => {
  const drains = (process: Process) => process.options.onMessage({ kind: "draining" });

  it("has stopped if it announced its drain and ended in order: no crash, no death, and the next starts at once", async () => {
    const deaths = vi.fn(async () => undefined);
    const { ml, crash, crashes, processes, statusOf, logged } = setUp({}, deaths);
    drains(ml);
    crash(ml, 0);
    expect(processes).toHaveLength(3);
    expect(statusOf("ml")).toMatchObject({ state: "running", pid: 102, restarts: 0, lastCrash: undefined });
    expect(await crashes("ml")).toBe(0);
    expect(deaths).not.toHaveBeenCalled();
    expect(logged("Worker express_pool:ml:0 stopped")).toHaveLength(1);
    // Only that run was announced.
    crash(processes[2] as Process, 0);
    expect(await crashes("ml")).toBe(1);
    expect(deaths).toHaveBeenCalledTimes(1);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("%s before it can handle it has stopped", async (signal) => {
    const { ml, crash, metrics, processes } = setUp();
    crash(ml, null, signal);
    expect(processes).toHaveLength(3);
    expect((await metrics.read("mcp_worker_crashes_total")).filter(({ value }) => value > 0)).toEqual([]);
  });

  it.each([
    [1, null],
    [null, "SIGKILL"],
  ] as const)("has crashed if a task ends it during the drain, with code %s or %s", async (code, signal) => {
    const deaths = vi.fn(async () => undefined);
    const { ml, crash, metrics, processes } = setUp({}, deaths);
    drains(ml);
    crash(ml, code, signal);
    expect(processes).toHaveLength(2);
    expect((await metrics.read("mcp_worker_crashes_total")).filter(({ value }) => value > 0)).toHaveLength(1);
    expect(deaths).toHaveBeenCalledTimes(1);
  });

  it("is not started again if the supervisor stops it too", () => {
    const { ml, crash, processes, supervisor } = setUp();
    drains(ml);
    supervisor.scale("ml", 0);
    crash(ml, 0);
    expect(processes).toHaveLength(2);
  });
});

describe("a check of the workers", () => {
  it.each([
    ["silence at its limit", 5_000, {}, []],
    ["silence over its limit", 5_001, {}, ["unresponsive"]],
    ["memory at its limit", 0, { rssBytes: 1_000 }, []],
    ["memory over its limit", 0, { rssBytes: 1_001 }, ["oom"]],
    ["a task that ignores its abort", 0, { stuckTask: "t-1" }, ["unresponsive"]],
  ] as const)("kills only above a limit: %s", (_, ageMs, beat, kills) => {
    const { ml, chat, pass, supervisor } = setUp();
    ml.beat(beat);
    pass(ageMs);
    chat.beat();
    supervisor.check();
    expect(ml.kills).toEqual(kills);
    expect(chat.kills).toEqual([]);
  });

  it("allows more time for the start than for a heartbeat", () => {
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

  it("allows at least the time of a heartbeat for the start", () => {
    const { ml, pass, supervisor } = setUp({ startTimeoutMs: 10 });
    pass(5_000);
    supervisor.check();
    expect(ml.kills).toEqual([]);
  });

  it("that is late restarts the silence, once", () => {
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

  it("that is within its tolerance does not restart the silence", () => {
    const { ml, pass, supervisor } = setUp({ watchIntervalMs: 2_000 });
    ml.beat();
    pass(6_000);
    supervisor.check();
    expect(ml.kills).toEqual(["unresponsive"]);
  });

  it("determines which workers are alive, so that their leases are renewed", () => {
    const { ml, chat, pass, supervisor, crash } = setUp();
    ml.beat();
    pass(4_000);
    chat.beat();
    expect(supervisor.alive()).toEqual([
      { type: "ml", index: 0 },
      { type: "chat", index: 0 },
    ]);
    pass(1_001);
    expect(supervisor.alive()).toEqual([{ type: "chat", index: 0 }]);
    crash(chat);
    expect(supervisor.alive()).toEqual([]);
  });
});

describe("reports of workers", () => {
  it("give the worst state of each breaker over all running workers", () => {
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

  it("are added once and forwarded; a malformed one is dropped as a whole and logged", async () => {
    const { ml, chat, metrics, delays, log } = setUp();
    const labels = { type: "ml", lane: "regular" };
    const offset = metrics.layout.offsetOf("mcp_tasks_completed_total", labels);
    const counted = async () => (await metrics.read("mcp_tasks_completed_total")).filter(({ value }) => value > 0);
    ml.options.onMessage({ kind: "metrics", deltas: [offset, 4, 0], circuits: [] });
    chat.options.onMessage({ kind: "metrics", deltas: [offset, 1, 0], circuits: [] });
    expect(await counted()).toEqual([{ labels, value: 5 }]);
    expect(log()).not.toContain("Malformed");
    ml.options.onMessage({ kind: "metrics", deltas: [offset, 4, 0, offset, -1, 0], circuits: [] });
    expect(await counted()).toEqual([{ labels, value: 5 }]);
    expect(log()).toContain("Malformed metrics from a worker");
    ml.options.onMessage({ kind: "delayed", delayMs: 42 });
    expect(delays).toEqual([42]);
  });
});

describe("a worker receives", () => {
  it("its start message, and a changed log level at once and after a restart", () => {
    const { ml, chat, supervisor } = setUp();
    expect(ml.sent).toMatchObject([{ kind: "start", types: TYPES, logLevel: "info" }]);
    expect(ml.options).toMatchObject({ type: "ml", index: 0, memoryLimitBytes: 1_000, script: SETTINGS.script });
    supervisor.setLogLevel("debug");
    for (const each of [ml, chat]) expect(each.sent.at(-1)).toEqual({ kind: "level", logLevel: "debug" });
  });

  it("a drain message, and is killed if the drain takes much longer than allowed", async () => {
    const { ml, chat, supervisor, pass, crash } = setUp();
    const stopped = supervisor.stop();
    await settle();
    expect(ml.sent.at(-1)).toEqual({ kind: "drain", timeoutMs: 2_000 });
    crash(chat, 0);
    await settle();
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

describe("the death of a worker", () => {
  it("is logged with pid, exit code, signal and reason", () => {
    const { ml, pass, crash, logged } = setUp();
    pass(400);
    crash(ml, null, "SIGSEGV");
    expect(logged("crashed")).toEqual([
      expect.objectContaining({
        level: "ERROR",
        msg: "Worker express_pool:ml:0 crashed (signal), restart in 100 ms",
        worker: "express_pool:ml:0",
        pid: 100,
        code: null,
        signal: "SIGSEGV",
        reason: "signal",
        restartInMs: 100,
      }),
    ]);
  });

  it("is counted for its tasks before the restart of the worker, even if counting takes long", async () => {
    const counted = Promise.withResolvers<void>();
    const dead: string[] = [];
    const { ml, pass, crash, processes } = setUp({}, ({ type, index }) => {
      dead.push(`${type} ${index}`);
      return counted.promise;
    });
    crash(ml);
    expect(dead).toEqual(["ml 0"]);
    pass(10_000);
    await settle();
    expect(processes).toHaveLength(2);
    counted.resolve();
    await settle();
    expect(processes).toHaveLength(3);
  });

  it("that is counted quickly does not shorten the backoff", async () => {
    const { ml, pass, crash, processes } = setUp({}, async () => undefined);
    crash(ml);
    await settle();
    pass(99);
    await settle();
    expect(processes).toHaveLength(2);
    pass(1);
    await settle();
    expect(processes).toHaveLength(3);
  });

  it("that is counted after scaling down restarts nothing", async () => {
    const counted = Promise.withResolvers<void>();
    const { supervisor, ml, pass, crash, processes } = setUp({}, () => counted.promise);
    crash(ml);
    pass(100);
    supervisor.scale("ml", 0);
    counted.resolve();
    await settle();
    expect(processes).toHaveLength(2);
  });

  it("because of a task that ignored its abort does not count for the other tasks", async () => {
    const dead: string[] = [];
    const { ml, chat, supervisor, crash } = setUp({}, ({ type }) => void dead.push(type));
    ml.beat({ stuckTask: "t-1" });
    chat.beat({ rssBytes: 1_001 });
    supervisor.check();
    crash(ml, null, "SIGKILL");
    crash(chat, null, "SIGKILL");
    expect(dead).toEqual(["chat"]);
  });
});

describe("messages between workers", () => {
  it("pass circuit breaker events to all other running workers", () => {
    const { supervisor, processes, ml, chat, crash } = setUp();
    supervisor.scale("ml", 2);
    const second = processes[2] as Process;
    const message = { kind: "circuit", upstream: "chat", event: { kind: "opened", openMs: 500 } } as const;
    ml.options.onMessage(message);
    for (const other of [chat, second]) expect(other.sent.at(-1)).toEqual(message);
    expect(ml.sent.map(({ kind }) => kind)).toEqual(["start"]);
    crash(chat);
    second.options.onMessage(message);
    expect(ml.sent.at(-1)).toEqual(message);
    expect(chat.sent.filter(({ kind }) => kind === "circuit")).toHaveLength(1);
  });

  it("ask all running workers to recover entries; a stopped one does so at its start", () => {
    const { supervisor, ml, chat, crash, pass, processes } = setUp();
    crash(chat);
    supervisor.recover();
    expect(ml.sent.at(-1)).toEqual({ kind: "recover" });
    expect(chat.sent.map(({ kind }) => kind)).toEqual(["start"]);
    pass(100);
    expect(processes[2]?.sent.map(({ kind }) => kind)).toEqual(["start"]);
  });

  it("send a new log level to running workers only", () => {
    const { supervisor, ml, chat, crash } = setUp();
    crash(chat);
    supervisor.setLogLevel("debug");
    expect(ml.sent.at(-1)).toEqual({ kind: "level", logLevel: "debug" });
    expect(chat.sent.map(({ kind }) => kind)).toEqual(["start"]);
  });
});

describe("the watch", () => {
  it("checks the workers at its interval until the supervisor stops", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { supervisor, ml, chat, pass, crash } = setUp({ watchIntervalMs: 1_000 });
    for (const each of [ml, chat]) each.beat({ rssBytes: 1_000 });
    pass(1_200);
    await settle();
    expect(ml.kills).toEqual([]);
    ml.beat({ rssBytes: 1_001 });
    pass(1_200);
    await settle();
    expect(ml.kills.slice(0, 1)).toEqual(["oom"]);
    const stopped = supervisor.stop();
    await settle();
    for (const each of [ml, chat]) crash(each, 0);
    await stopped;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that runs late restarts the silence of all workers, also while one is down", () => {
    const { ml, chat, pass, crash, supervisor } = setUp({
      watchIntervalMs: 1_000,
      restartMinMs: 1e6,
      restartMaxMs: 1e6,
    });
    chat.beat();
    crash(ml);
    pass(60_000);
    supervisor.check();
    expect(chat.kills).toEqual([]);
  });
});

describe("scaling", () => {
  it("starts and stops the last workers, and restarts one that is still stopping", () => {
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

  it.each([-1, 1.5, Number.NaN, MAX_WORKERS_PER_TYPE + 1])("rejects %s workers, and unknown types", (count) => {
    const { supervisor, processes } = setUp();
    const rule = `the number of workers must be a whole number from 0 to ${MAX_WORKERS_PER_TYPE}`;
    expect(() => supervisor.scale("ml", count)).toThrow(new RangeError(rule));
    expect(() => supervisor.scale("nope", 1)).toThrow(/task type.*nope/);
    expect(supervisor.wanted("ml")).toBe(1);
    expect(supervisor.wanted("nope")).toBe(0);
    expect(processes).toHaveLength(2);
  });

  it("accepts the maximum", () => {
    const { supervisor, processes } = setUp();
    supervisor.scale("ml", MAX_WORKERS_PER_TYPE);
    expect(processes).toHaveLength(MAX_WORKERS_PER_TYPE + 1);
  });

  it("to the current number changes nothing, also after scaling down", () => {
    const { supervisor, processes, crash, log } = setUp();
    supervisor.scale("ml", 2);
    const second = processes[2] as Process;
    supervisor.scale("ml", 1);
    crash(second, 0);
    const before = log();
    supervisor.scale("ml", 1);
    expect(processes).toHaveLength(3);
    expect(log()).toBe(before);
  });

  it("down cancels a pending restart", () => {
    const { supervisor, processes, ml, pass, crash } = setUp();
    crash(ml);
    supervisor.scale("ml", 0);
    pass(10_000);
    expect(processes).toHaveLength(2);
    expect(supervisor.status().map(({ type }) => type)).toEqual(["chat"]);
  });
});
