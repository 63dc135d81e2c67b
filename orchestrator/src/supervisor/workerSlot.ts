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
  /** Time from the start to the first heartbeat. Generous, because loading modules takes long on a busy host. */
  readonly startTimeoutMs: number;
  /** A worker is active if its last poll is not older than this. */
  readonly activeWithinMs: number;
};

export type SlotDeps = {
  readonly settings: SlotSettings;
  readonly types: readonly string[];
  /** Id of this main process. */
  readonly instance: string;
  readonly log: Log;
  readonly sink: Pick<LogSink, "write">;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Starts a worker process. */
  readonly launch: (options: WorkerProcessOptions) => RunningWorker;
  onCrash(type: string, reason: CrashReason): void;
  /**
   * Counts the death of a worker for the tasks that it may have been running. Never rejects, and ends in bounded time;
   * undefined if there is nothing to wait for.
   */
  countDeath(worker: { readonly type: string; readonly index: number }): Promise<void> | undefined;
  /** Called with increments of the counters of a worker. */
  onDeltas(deltas: Flush["deltas"]): void;
  /** Called when a worker has delayed a task. */
  onDelayed(delayMs: number): void;
  /** Called with an event of a circuit breaker of a worker. */
  onCircuit(message: Circuit): void;
};

type Run = {
  readonly process: RunningWorker;
  readonly startedAtMs: number;
  /** Start of the current silence: the last heartbeat, the start of the process, or the last `restartSilence`. */
  silentSinceMs: number;
  /** The last heartbeat. */
  beat?: Heartbeat;
  circuits: Flush["circuits"];
  draining: boolean;
  /** The worker drains by itself, because it received a signal. */
  drainsItself: boolean;
  /** Killed because of one known task, which already has its outcome. The death must not count for the other tasks. */
  killedForStuckTask: boolean;
};

/** A slot for one worker. Keeps a process running in it, with restarts and backoff, until it is stopped. */
export class WorkerSlot {
  readonly type: string;
  readonly index: number;
  readonly name: string;
  readonly #deps: SlotDeps;
  readonly #backoff: RestartBackoff;
  #run: Run | undefined;
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
  }

  /** Starts the worker unless it runs. If it is still stopping, starts it again after its end. */
  start(): void {
    this.#wanted = true;
    if (this.#run === undefined && this.#restart === undefined) this.#spawn();
  }

  /** Drains the worker, and kills it if that takes too long. Resolves when it has ended. */
  async stop(timeoutMs: number): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    const run = this.#run;
    if (run === undefined) return;
    run.draining = true;
    run.process.send({ kind: "drain", timeoutMs });
    const killer = setTimeout(() => {
      this.#deps.log.error({ worker: this.name }, `Worker ${this.name} timeout: it did not stop, killing it`);
      run.process.kill();
    }, workerStopMs(timeoutMs));
    await this.#ended.promise;
    clearTimeout(killer);
  }

  /** States of the circuit breakers of the worker; empty while it is down. */
  get circuits(): Flush["circuits"] {
    return this.#run?.circuits ?? [];
  }

  /** Forwards an event of a circuit breaker of another worker. */
  observe(message: Circuit): void {
    this.#run?.process.send(message);
  }

  /** Starts orphan recovery in the worker. After a start it does so by itself. */
  recover(): void {
    this.#run?.process.send({ kind: "recover" });
  }

  setLogLevel(logLevel: string): void {
    this.#run?.process.send({ kind: "level", logLevel });
  }

  /** Kills the worker if it is unresponsive, has a task that ignores its abort, or uses too much memory. */
  check(): void {
    const run = this.#run;
    if (run === undefined) return;
    const { log, settings } = this.#deps;
    const silentMs = this.#silentMs(run);
    const beat = run.beat;
    const worker = this.name;
    if (silentMs > this.#allowedSilenceMs(run)) {
      log.error(
        { worker, pid: run.process.pid, silentMs },
        `Worker ${worker} stuck: no heartbeat for ${Math.round(silentMs)} ms, killing it`,
      );
      run.process.kill("unresponsive");
    } else if (beat !== undefined && beat.stuckTask !== "") {
      log.error(
        { worker, pid: run.process.pid, task_id: beat.stuckTask },
        `Worker ${worker} timeout: task ${beat.stuckTask} still runs after its abort, killing the worker`,
      );
      run.killedForStuckTask = true;
      run.process.kill("unresponsive");
    } else if (beat !== undefined && beat.rssBytes > settings.memoryLimitBytes) {
      log.error(
        { worker, pid: run.process.pid, rssBytes: beat.rssBytes },
        `Worker ${worker} uses more memory than its limit, killing it`,
      );
      run.process.kill("oom");
    }
  }

  /** Counts silence from now on, because the supervisor itself did not read heartbeats before. */
  restartSilence(): void {
    if (this.#run !== undefined) this.#run.silentSinceMs = this.#deps.now();
  }

  /** True while the worker runs and its heartbeat is recent. */
  isAlive(): boolean {
    return this.#run !== undefined && this.#silentMs(this.#run) <= this.#allowedSilenceMs(this.#run);
  }

  status(): WorkerStatus {
    const now = this.#deps.now();
    const run = this.#run;
    const beat = run?.beat;
    const ageMs = run && beat && now - run.silentSinceMs;
    const state = this.#wanted
      ? run === undefined
        ? "restarting"
        : "running"
      : run === undefined
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
      pid: run?.process.pid,
      restarts: this.#restarts,
      upMs: run === undefined ? 0 : Math.round(now - run.startedAtMs),
      heartbeatAgeMs: ageMs === undefined ? undefined : Math.round(ageMs),
      pollAgeMs,
      inFlight: beat?.inFlight ?? 0,
      rssBytes: beat?.rssBytes ?? 0,
      paused: beat?.paused ?? "",
      lastCrash: this.#lastCrash && { reason: this.#lastCrash.reason, agoMs: Math.round(now - this.#lastCrash.atMs) },
    };
  }

  #allowedSilenceMs(run: Run): number {
    const { startTimeoutMs, unresponsiveMs } = this.#deps.settings;
    return run.beat === undefined ? Math.max(startTimeoutMs, unresponsiveMs) : unresponsiveMs;
  }

  #silentMs(run: Run): number {
    return this.#deps.now() - run.silentSinceMs;
  }

  #spawn(): void {
    const { instance, launch, log, now, settings, sink, types } = this.#deps;
    this.#restart = undefined;
    this.#ended = Promise.withResolvers();
    const startedAtMs = now();
    const run: Run = {
      startedAtMs,
      silentSinceMs: startedAtMs,
      circuits: [],
      draining: false,
      drainsItself: false,
      killedForStuckTask: false,
      process: launch({
        script: settings.script,
        type: this.type,
        index: this.index,
        memoryLimitBytes: settings.memoryLimitBytes,
        log,
        sink,
        onMessage: (message) => this.#onMessage(run, message),
        onEnd: (end) => this.#onEnd(run, end),
      }),
    };
    this.#run = run;
    run.process.send({ kind: "start", types, instance, logLevel: log.level });
    log.info({ worker: this.name, pid: run.process.pid }, `Worker ${this.name} started`);
  }

  #onMessage(run: Run, message: FromWorker): void {
    if (message.kind === "metrics") {
      run.circuits = message.circuits;
      this.#deps.onDeltas(message.deltas);
    } else if (message.kind === "delayed") {
      this.#deps.onDelayed(message.delayMs);
    } else if (message.kind === "draining") {
      run.drainsItself = true;
    } else if (message.kind === "circuit") {
      this.#deps.onCircuit(message);
    } else {
      run.silentSinceMs = this.#deps.now();
      run.beat = message;
    }
  }

  #onEnd(run: Run, end: ProcessEnd): void {
    const { log, now, onCrash } = this.#deps;
    this.#run = undefined;
    this.#ended.resolve();
    const facts = { worker: this.name, pid: run.process.pid, code: end.code, signal: end.signal };
    // A signal to the whole process group reaches the workers before this process stops them: that is not a crash. A
    // crash during such a drain is one.
    const stopped = run.draining || (run.drainsItself && end.code === 0) || endedBeforeListening(end);
    if (stopped) {
      log.info(facts, `Worker ${this.name} stopped`);
      if (this.#wanted) this.#spawn();
      return;
    }
    const reason = crashReasonOf(end);
    const pauseMs = this.#backoff.next(now() - run.startedAtMs);
    this.#lastCrash = { reason, atMs: now() };
    this.#restarts++;
    onCrash(this.type, reason);
    log.error(
      { ...facts, reason, restartInMs: pauseMs },
      `Worker ${this.name} crashed (${reason}), restart in ${pauseMs} ms`,
    );
    // Before the next worker claims the same entries.
    const counted = run.killedForStuckTask ? undefined : this.#deps.countDeath(this);
    const restart = setTimeout(() => {
      if (counted === undefined) return this.#spawn();
      void counted.then(() => {
        if (this.#restart === restart) this.#spawn();
      });
    }, pauseMs);
    this.#restart = restart;
  }
}

/** A worker handles these signals, unless it has not loaded its modules yet. Then it has no tasks to drain. */
function endedBeforeListening({ signal, killedFor }: ProcessEnd): boolean {
  return killedFor === undefined && (signal === "SIGTERM" || signal === "SIGINT");
}
