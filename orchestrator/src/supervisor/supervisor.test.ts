import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLog } from "../log.ts";
import type { CrashReason } from "../metrics/contract.ts";
import type { ProcessEnd } from "./crash.ts";
import type { Heartbeat, ToWorker } from "./protocol.ts";
import { RestartBackoff } from "./restartBackoff.ts";
import { Supervisor, type SupervisorSettings } from "./supervisor.ts";
import { type RunningWorker, type WorkerProcessOptions, workerName } from "./workerProcess.ts";

const TYPE = "ml";
const MAX_WORKERS = 4;
const SETTINGS: SupervisorSettings = {
  script: new URL("file:///worker"),
  memoryLimitBytes: 1_000,
  restartMinMs: 100,
  restartMaxMs: 1_600,
  unresponsiveMs: 5_000,
  startTimeoutMs: 8_000,
  activeWithinMs: 3_000,
  workersPerType: 2,
  watchIntervalMs: 1_000,
  drainTimeoutMs: 2_000,
};
/** The time after which `WorkerSlot.stop` kills. */
const KILLED_BY_MS = SETTINGS.drainTimeoutMs * 1.1 + 500;

/** A process whose messages and end the test controls. */
class ScriptedWorker implements RunningWorker {
  readonly pid: number;
  readonly options: WorkerProcessOptions;
  readonly bornAtMs = Date.now();
  alive = true;
  drains = false;
  killed = false;
  #killedFor: ProcessEnd["killedFor"];

  constructor(pid: number, options: WorkerProcessOptions) {
    this.pid = pid;
    this.options = options;
  }

  get name(): string {
    return workerName(this.options.type, this.options.index);
  }

  send(message: ToWorker): void {
    if (message.kind === "drain") this.drains = true;
  }

  kill(reason?: "oom" | "unresponsive"): void {
    this.#killedFor ??= reason;
    this.killed = true;
  }

  beat(overrides: Partial<Heartbeat> = {}): void {
    const pollAgeMs = { express: 0, regular: 0 };
    const beat = { kind: "heartbeat", pollAgeMs, inFlight: 0, rssBytes: 500, paused: "", stuckTask: "" } as const;
    if (this.alive) this.options.onMessage({ ...beat, ...overrides });
  }

  count(increment: number): void {
    if (this.alive) this.options.onMessage({ kind: "metrics", deltas: [increment], circuits: [] });
  }

  end(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.alive = false;
    this.options.onEnd({ code, signal, killedFor: this.#killedFor, heapExhausted: false });
  }
}

/** A supervisor of scripted workers, with the invariants that must always hold. */
class World {
  /** Crashes by reason, as the supervisor counts them. */
  readonly crashes = new Map<string, number>();
  merged = 0;
  readonly supervisor: Supervisor;
  readonly born: ScriptedWorker[] = [];
  /** Expected number of crashes by reason. */
  readonly deaths = new Map<CrashReason, number>();
  /** When a crashed slot gets its next process, unless the pool is scaled up before. */
  readonly dueAtMs = new Map<string, number>();
  readonly #backoffs = new Map<string, RestartBackoff>();
  #scaling = false;
  reported = 0;

  constructor() {
    const log = createLog("info", { write: () => undefined });
    this.supervisor = new Supervisor({
      instance: "test",
      settings: SETTINGS,
      types: [TYPE],
      metrics: {
        increment: (_, labels) => {
          const { reason = "" } = labels as { reason?: string };
          this.crashes.set(reason, (this.crashes.get(reason) ?? 0) + 1);
        },
        merge: ([increment = 0]) => {
          this.merged += increment;
          return true;
        },
      },
      log,
      sink: { write: () => undefined },
      now: Date.now,
      launch: (options) => this.#launch(options),
      onDelayed: () => undefined,
      countDeath: () => undefined,
    });
    this.supervisor.start();
  }

  get living(): ScriptedWorker[] {
    return this.born.filter(({ alive }) => alive);
  }

  #launch(options: WorkerProcessOptions): ScriptedWorker {
    const worker = new ScriptedWorker(this.born.length + 1, options);
    // Two processes under one consumer name would run the same tasks twice.
    expect(this.living.map(({ name }) => name)).not.toContain(worker.name);
    if (!this.#scaling && this.dueAtMs.has(worker.name)) expect(Date.now()).toBe(this.dueAtMs.get(worker.name));
    this.dueAtMs.delete(worker.name);
    this.born.push(worker);
    return worker;
  }

  scale(to: number): void {
    this.#scaling = true;
    this.supervisor.scale(TYPE, to);
    this.#scaling = false;
    for (let index = to; index < MAX_WORKERS; index++) this.dueAtMs.delete(workerName(TYPE, index));
  }

  /** Lets a worker end by itself. */
  die(worker: ScriptedWorker, code: number | null, signal: NodeJS.Signals | null, reason: CrashReason): void {
    if (!worker.drains) {
      this.deaths.set(reason, (this.deaths.get(reason) ?? 0) + 1);
      const backoff =
        this.#backoffs.get(worker.name) ?? new RestartBackoff(SETTINGS.restartMinMs, SETTINGS.restartMaxMs);
      this.#backoffs.set(worker.name, backoff);
      this.dueAtMs.set(worker.name, Date.now() + backoff.next(Date.now() - worker.bornAtMs));
    }
    worker.end(code, signal);
  }

  /** Ends the killed processes. @param reason expected reason of the kill, unless it was the end of a drain */
  reap(reason: CrashReason): void {
    for (const worker of this.living) if (worker.killed) this.die(worker, null, "SIGKILL", reason);
  }

  /** Suspends the whole host with its timers: heartbeats are missing although no worker hangs. */
  suspend(ms: number): void {
    vi.setSystemTime(Date.now() + ms);
    for (const [name, atMs] of this.dueAtMs) this.dueAtMs.set(name, atMs + ms);
    this.supervisor.check();
    expect(this.living.filter(({ killed, drains }) => killed && !drains)).toEqual([]);
  }

  /** Lets time pass. Workers send heartbeats; killed ones end. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= SETTINGS.watchIntervalMs) {
      vi.advanceTimersByTime(Math.min(left, SETTINGS.watchIntervalMs));
      for (const worker of this.living) if (!worker.killed) worker.beat();
      this.supervisor.check();
      this.reap("signal");
    }
  }

  check(): void {
    const { supervisor } = this;
    const wanted = supervisor.wanted(TYPE);
    const status = supervisor.status();
    for (let index = 0; index < wanted; index++) {
      const worker = status.find((one) => one.index === index);
      const living = this.living.find(({ options }) => options.index === index);
      expect(worker?.pid).toBe(living?.pid);
      expect(worker?.state).toBe(living === undefined ? "restarting" : "running");
      if (living === undefined) expect(Date.now()).toBeLessThan(this.dueAtMs.get(workerName(TYPE, index)) ?? 0);
    }
    for (const worker of status.filter(({ index }) => index >= wanted)) {
      expect(worker.state).toBe("stopping");
      expect(this.living.find(({ pid }) => pid === worker.pid)?.drains).toBe(true);
    }
    expect(this.crashes).toEqual(this.deaths);
    expect(this.merged).toBe(this.reported);
  }
}

const which = fc.nat(MAX_WORKERS - 1);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 4_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("exit" as const), which, code: fc.constantFrom(0, 1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("signal" as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("count" as const), which, by: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("scale" as const), to: fc.nat(MAX_WORKERS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("hang" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("grow" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stick" as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("suspend" as const), ms: fc.integer({ min: 4_000, max: 1e7 }) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

function take(world: World, one: Step): void {
  if (one.kind === "pass") world.pass(one.ms);
  else if (one.kind === "scale") world.scale(one.to);
  else if (one.kind === "suspend") world.suspend(one.ms);
  else {
    const worker = world.living[one.which];
    if (worker !== undefined) happen(world, worker, one);
  }
}

/** Applies a step to one worker. */
function happen(world: World, worker: ScriptedWorker, one: Extract<Step, { which: number }>): void {
  const { supervisor } = world;
  switch (one.kind) {
    case "exit":
      world.die(worker, one.code, null, "exit");
      break;
    case "signal":
      world.die(worker, null, "SIGKILL", "signal");
      break;
    case "count":
      world.reported += one.by;
      worker.count(one.by);
      break;
    case "grow":
      worker.beat({ rssBytes: SETTINGS.memoryLimitBytes + 1 });
      supervisor.check();
      world.reap("oom");
      break;
    case "stick":
      worker.beat({ stuckTask: "t-1" });
      supervisor.check();
      world.reap("unresponsive");
      break;
    case "hang":
      for (let silentMs = 0; silentMs <= SETTINGS.startTimeoutMs; silentMs += SETTINGS.watchIntervalMs) {
        vi.advanceTimersByTime(SETTINGS.watchIntervalMs);
        for (const other of world.living) if (other !== worker && !other.killed) other.beat();
        supervisor.check();
        world.reap("unresponsive");
      }
      expect(worker.alive).toBe(false);
  }
}

describe("the supervisor, under any sequence of events", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("has one process per worker, restarts with backoff, and counts each crash and each delta once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        vi.clearAllTimers();
        const world = new World();
        world.check();
        for (const one of steps) {
          take(world, one);
          world.check();
        }

        // Without further events, it reaches the target number.
        world.pass(SETTINGS.restartMaxMs + KILLED_BY_MS + SETTINGS.startTimeoutMs);
        world.check();
        expect(world.living.map(({ options }) => options.index).toSorted()).toEqual(
          Array.from({ length: world.supervisor.wanted(TYPE) }, (_, index) => index),
        );

        const stopped = world.supervisor.stop();
        await new Promise((resolve) => setImmediate(resolve));
        // The autoscaler still decides.
        for (const to of [MAX_WORKERS, 1]) world.scale(to);
        world.pass(KILLED_BY_MS + SETTINGS.watchIntervalMs);
        await stopped;
        expect(world.living).toEqual([]);
        expect(world.supervisor.status()).toEqual([]);
        const before = world.born.length;
        world.pass(10 * SETTINGS.restartMaxMs);
        expect(world.born.length).toBe(before);
      }),
    );
  });
});
