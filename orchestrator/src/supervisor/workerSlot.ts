import type { Log, LogSink } from "../log.ts";
import { type CrashReason, LANES } from "../metrics/contract.ts";
import { workerStopMs } from "../shutdown.ts";
import { crashReasonOf, type ProcessEnd } from "./crash.ts";
import type { Circuit, Flush, FromWorker, Heartbeat } from "./protocol.ts";
import { RestartBackoff } from "./restartBackoff.ts";
import { type RunningWorker, type WorkerProcessOptions, workerName } from "./workerProcess.ts";
import type { WorkerStatus } from "./workerStatus.ts";

export type SlotSettings = {
  readonly script: URL;
  readonly memoryLimitBytes: number;
  readonly restartMinMs: number;
  readonly restartMaxMs: number;
  readonly unresponsiveMs: number;
  /** A worker gets this long from its start to its first heartbeat: modules are loaded, on a host that may be busy. */
  readonly startTimeoutMs: number;
  /** A worker whose last completed poll is older than this does not count as active. */
  readonly activeWithinMs: number;
};

export type SlotDeps = {
  readonly settings: SlotSettings;
  readonly types: readonly string[];
  /** Id of this life of the main process. */
  readonly instance: string;
  readonly log: Log;
  readonly sink: Pick<LogSink, "write">;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Starts a worker process. */
  readonly launch: (options: WorkerProcessOptions) => RunningWorker;
  onCrash(type: string, reason: CrashReason): void;
  /**
   * Counts a worker's death towards the tasks that it may have been running. Never rejects, and ends in a bounded time;
   * undefined where there is nothing to wait for.
   */
  countDeath(worker: { readonly type: string; readonly index: number }): Promise<void> | undefined;
  /** Increments of a worker's counters. */
  onDeltas(deltas: Flush["deltas"]): void;
  /** A worker delayed a task. */
  onDelayed(delayMs: number): void;
  /** A worker's circuit breaker learned something about its upstream. */
  onCircuit(message: Circuit): void;
};

type Life = {
  readonly process: RunningWorker;
  readonly startedAtMs: number;
  /** Time of its last heartbeat, of its start before the first, or up to which its silence is excused. */
  heardAtMs: number;
  /** Its last heartbeat. */
  beat?: Heartbeat;
  circuits: Flush["circuits"];
  draining: boolean;
  /** It is killed for a task that is known and has its outcome: the other tasks are not to blame. */
  killedForStuckTask: boolean;
};

/** One place for a worker: keeps a process alive in it, restarts it with back-off, until it is asked to stop. */
export class WorkerSlot {
  readonly type: string;
  readonly index: number;
  readonly name: string;
  readonly #deps: SlotDeps;
  readonly #backoff: RestartBackoff;
  #life: Life | undefined;
  #restart: NodeJS.Timeout | undefined;
  #wanted = false;
  #restarts = 0;
  #lastCrash: { reason: CrashReason; atMs: number } | undefined;
  #ended = Promise.withResolvers<void>();

  constructor(type: string, index: number, deps: SlotDeps) {
    this.type = type;
    this.index = index;
    this.name = workerName(type, index);
    this.#deps = deps;
    this.#backoff = new RestartBackoff(deps.settings.restartMinMs, deps.settings.restartMaxMs);
    this.#ended.resolve();
  }

  /** Starts the worker, or lets it go on: one that is still stopping is started again when it has ended. */
  start(): void {
    this.#wanted = true;
    if (this.#life === undefined && this.#restart === undefined) this.#spawn();
  }

  /** Lets the worker finish or hand back what is in flight, kills it when that takes too long, and resolves when it is gone. */
  async stop(timeoutMs: number): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    const life = this.#life;
    if (life === undefined) return;
    life.draining = true;
    life.process.send({ kind: "drain", timeoutMs });
    const killer = setTimeout(() => {
      this.#deps.log.error({ worker: this.name }, `Worker ${this.name} timeout: it did not stop, killing it`);
      life.process.kill();
    }, workerStopMs(timeoutMs));
    await this.#ended.promise;
    clearTimeout(killer);
  }

  /** States of the worker's circuit breakers; none while it is down. */
  get circuits(): Flush["circuits"] {
    return this.#life?.circuits ?? [];
  }

  /** Passes on what another worker's circuit breaker learned. */
  learn(message: Circuit): void {
    this.#life?.process.send(message);
  }

  /** Has the worker look for entries to take over. One that starts does so by itself. */
  recover(): void {
    this.#life?.process.send({ kind: "recover" });
  }

  setLogLevel(logLevel: string): void {
    this.#life?.process.send({ kind: "level", logLevel });
  }

  /** Kills the worker if it is unresponsive, has a task that ignores its abort, or takes too much memory. */
  check(): void {
    const life = this.#life;
    if (life === undefined) return;
    const { log, settings } = this.#deps;
    const silentMs = this.#silentMs(life);
    const beat = life.beat;
    const worker = this.name;
    if (silentMs > this.#allowedSilenceMs(life)) {
      log.error(
        { worker, pid: life.process.pid, silentMs },
        `Worker ${worker} stuck: no heartbeat for ${Math.round(silentMs)} ms, killing it`,
      );
      life.process.kill("unresponsive");
    } else if (beat !== undefined && beat.stuckTask !== "") {
      log.error(
        { worker, pid: life.process.pid, task_id: beat.stuckTask },
        `Worker ${worker} timeout: task ${beat.stuckTask} goes on although it was aborted, killing it`,
      );
      life.killedForStuckTask = true;
      life.process.kill("unresponsive");
    } else if (beat !== undefined && beat.rssBytes > settings.memoryLimitBytes) {
      log.error(
        { worker, pid: life.process.pid, rssBytes: beat.rssBytes },
        `Worker ${worker} takes more memory than it may, killing it`,
      );
      life.process.kill("oom");
    }
  }

  /** Takes silence until now as excused: the supervisor itself did not listen. */
  excuseSilence(): void {
    if (this.#life !== undefined) this.#life.heardAtMs = this.#deps.now();
  }

  /** True while its tasks are being worked on: it is there and its heartbeat is not older than a worker may be silent. */
  isAlive(): boolean {
    return this.#life !== undefined && this.#silentMs(this.#life) <= this.#allowedSilenceMs(this.#life);
  }

  status(): WorkerStatus {
    const now = this.#deps.now();
    const life = this.#life;
    const beat = life?.beat;
    const ageMs = life && beat && now - life.heardAtMs;
    const state = this.#wanted
      ? life === undefined
        ? "restarting"
        : "running"
      : life === undefined
        ? "stopped"
        : "stopping";
    const pollAgeMs =
      beat && ageMs !== undefined
        ? { express: beat.pollAgeMs.express + ageMs, regular: beat.pollAgeMs.regular + ageMs }
        : undefined;
    return {
      worker: this.name,
      type: this.type,
      index: this.index,
      state,
      active:
        state === "running" &&
        LANES.every((lane) => (pollAgeMs?.[lane] ?? Number.POSITIVE_INFINITY) <= this.#deps.settings.activeWithinMs),
      pid: life?.process.pid,
      restarts: this.#restarts,
      upMs: life === undefined ? 0 : Math.round(now - life.startedAtMs),
      heartbeatAgeMs: ageMs === undefined ? undefined : Math.round(ageMs),
      pollAgeMs,
      inFlight: beat?.inFlight ?? 0,
      rssBytes: beat?.rssBytes ?? 0,
      paused: beat?.paused ?? "",
      lastCrash: this.#lastCrash && { reason: this.#lastCrash.reason, agoMs: Math.round(now - this.#lastCrash.atMs) },
    };
  }

  #allowedSilenceMs(life: Life): number {
    const { startTimeoutMs, unresponsiveMs } = this.#deps.settings;
    return life.beat === undefined ? Math.max(startTimeoutMs, unresponsiveMs) : unresponsiveMs;
  }

  #silentMs(life: Life): number {
    return this.#deps.now() - life.heardAtMs;
  }

  #spawn(): void {
    const { instance, launch, log, now, settings, sink, types } = this.#deps;
    this.#restart = undefined;
    this.#ended = Promise.withResolvers();
    const startedAtMs = now();
    const life: Life = {
      startedAtMs,
      heardAtMs: startedAtMs,
      circuits: [],
      draining: false,
      killedForStuckTask: false,
      process: launch({
        script: settings.script,
        type: this.type,
        index: this.index,
        memoryLimitBytes: settings.memoryLimitBytes,
        log,
        sink,
        onMessage: (message) => this.#onMessage(life, message),
        onEnd: (end) => this.#onEnd(life, end),
      }),
    };
    this.#life = life;
    life.process.send({ kind: "start", types, instance, logLevel: log.level });
    log.info({ worker: this.name, pid: life.process.pid }, `Worker ${this.name} started`);
  }

  #onMessage(life: Life, message: FromWorker): void {
    if (message.kind === "metrics") {
      life.circuits = message.circuits;
      this.#deps.onDeltas(message.deltas);
    } else if (message.kind === "delayed") {
      this.#deps.onDelayed(message.delayMs);
    } else if (message.kind === "circuit") {
      this.#deps.onCircuit(message);
    } else {
      life.heardAtMs = this.#deps.now();
      life.beat = message;
    }
  }

  #onEnd(life: Life, end: ProcessEnd): void {
    const { log, now, onCrash } = this.#deps;
    this.#life = undefined;
    this.#ended.resolve();
    const facts = { worker: this.name, pid: life.process.pid, code: end.code, signal: end.signal };
    if (life.draining) {
      log.info(facts, `Worker ${this.name} stopped`);
      if (this.#wanted) this.#spawn();
      return;
    }
    const reason = crashReasonOf(end);
    const pauseMs = this.#backoff.next(now() - life.startedAtMs);
    this.#lastCrash = { reason, atMs: now() };
    this.#restarts++;
    onCrash(this.type, reason);
    log.error(
      { ...facts, reason, restartInMs: pauseMs },
      `Worker ${this.name} crashed (${reason}), restart in ${pauseMs} ms`,
    );
    // Before the next worker takes up the same entries.
    const counted = life.killedForStuckTask ? undefined : this.#deps.countDeath(this);
    const restart = setTimeout(() => {
      if (counted === undefined) return this.#spawn();
      void counted.then(() => {
        if (this.#restart === restart) this.#spawn();
      });
    }, pauseMs);
    this.#restart = restart;
  }
}
