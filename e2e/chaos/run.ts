import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { unlessAborted } from "../testkit/unlessAborted.ts";
import { Client } from "./client.ts";
import type { Evidence, ReplicaSight, TaskEvidence } from "./evidence.ts";
import { readExecutionLog } from "./executionLog.ts";
import type { FaultContext } from "./faults/fault.ts";
import { inject, removeAll, turnBackSwitches } from "./faults/index.ts";
import {
  deadLetters,
  isAtRest,
  lookAtLast,
  lookAtOpen,
  lookAtReplica,
  noEvidence,
  probe,
  submit,
  watch,
} from "./observer.ts";
import { judge, type Violation } from "./oracle.ts";
import {
  describeFault,
  drainBoundMs,
  type Fault,
  lastFaultEndsMs,
  REPLICAS,
  type Schedule,
  stretched,
  TYPES,
} from "./schedule.ts";
import { CONCURRENCY, System } from "./system/system.ts";

/** The outcome of one schedule. */
export type RunResult = {
  readonly schedule: Schedule;
  readonly violations: readonly Violation[];
  /** Faults that could not be injected as planned, mostly because of another one. */
  readonly missedFaults: readonly string[];
  readonly accepted: number;
  readonly executions: number;
  readonly drainedAfterMs: number | undefined;
  readonly durationMs: number;
  /** Folder of the service's logs, and the name of the run in them. */
  readonly logs: string;
};

/** The start is not judged, so it may take long on a busy machine. */
const READY_TIMEOUT_MS = 180_000;
const LOOK_INTERVAL_MS = 400;
/** Bound of a run beside its schedule: start, removal of the faults, last looks. A longer run hangs. */
const OVERHEAD_MS = 300_000;

export type RunOptions = {
  /** Folder for the logs of the service. */
  readonly logs: string;
  /** Factor of all times; above 1 on a machine that is busy. */
  readonly stretch: number;
  readonly signal: AbortSignal;
};

/** Runs one schedule on a new system and judges it. */
export async function runSchedule(schedule: Schedule, options: RunOptions): Promise<RunResult> {
  await using system = await System.start(schedule, options.stretch, options.logs, options.signal);
  return await runOn(system, schedule, options);
}

/**
 * Runs one schedule on a system at rest and judges it. Without a violation the system is at rest again.
 *
 * @throws if it is interrupted or hangs; then dispose of the system, which ends the run
 */
export async function runOn(
  system: System,
  schedule: Schedule,
  { stretch, signal: interrupted }: Omit<RunOptions, "logs">,
): Promise<RunResult> {
  const beganAtMs = performance.now();
  const run = new Run(schedule, stretch, system, interrupted);
  const { missedFaults, evidence } = await unlessAborted(run.signal, run.toItsEnd());
  return {
    schedule,
    violations: judge(evidence, { concurrency: CONCURRENCY, types: TYPES.length }),
    missedFaults,
    accepted: evidence.tasks.filter(({ taskId }) => taskId !== undefined).length,
    executions: evidence.executions.filter(({ event }) => event === "start").length,
    drainedAfterMs: evidence.drainedAfterMs,
    durationMs: performance.now() - beganAtMs,
    logs: `${system.logs} ${run.name}`,
  };
}

/** A run exceeded the sum of its deadlines. */
class RunHungError extends Error {
  readonly code = "RUN_HUNG";
  readonly subject: string;

  constructor(phase: string, boundMs: number) {
    super(`the run was not over after ${boundMs} ms: ${phase}`);
    this.name = "RunHungError";
    this.subject = phase;
  }
}

/** The phases of one run. */
class Run {
  readonly name: string;
  /** Aborted if the run ends early: it was interrupted, or hangs. */
  readonly signal: AbortSignal;
  readonly #schedule: Schedule;
  readonly #stretch: number;
  readonly #system: System;
  readonly #client: Client;
  readonly #tasks: TaskEvidence[];
  readonly #injecting = new Set<Fault>();
  /** Aborted at the end of the time for recovery: no task is submitted after it. */
  readonly #over = new AbortController();
  readonly #hung = new AbortController();
  #phase = "";

  constructor(schedule: Schedule, stretch: number, system: System, interrupted: AbortSignal) {
    this.#schedule = stretched(schedule, stretch);
    this.#stretch = stretch;
    this.#system = system;
    this.name = system.nextRun();
    this.signal = AbortSignal.any([interrupted, this.#hung.signal]);
    this.#client = new Client(system, this.signal);
    this.#tasks = schedule.tasks.map(noEvidence);
    // Every task and fault uses this signal.
    setMaxListeners(0, this.signal, this.#over.signal);
    this.signal.addEventListener("abort", () => this.#over.abort(), { once: true });
  }

  /** @returns what was seen, and the faults that could not be injected */
  async toItsEnd(): Promise<{ evidence: Evidence; missedFaults: string[] }> {
    await this.#untilReady();
    const recoveryMs = drainBoundMs(this.#schedule, this.#stretch, this.#system.startMs);
    const timer = this.#limit(OVERHEAD_MS + lastFaultEndsMs(this.#schedule) + recoveryMs);
    const watched = watch(this.#client, this.#tasks, this.#over.signal);
    const submitted = this.#submit();
    // It is awaited after the faults, so its rejection must not be unhandled until then.
    submitted.catch(() => undefined);
    const missedFaults = await this.#inject();
    await this.#removeFaults();
    const evidence = await this.#settle(recoveryMs, submitted, watched);
    clearTimeout(timer);
    return { evidence, missedFaults };
  }

  /** Ends a run that takes longer. */
  #limit(boundMs: number): NodeJS.Timeout {
    const end = () => {
      const doing = [this.#phase, ...[...this.#injecting].map(describeFault)].join(", ");
      this.#hung.abort(new RunHungError(doing, boundMs));
    };
    return setTimeout(end, boundMs).unref();
  }

  /** Waits until the system is healthy, before the first fault. @throws if it is not in time */
  async #untilReady(): Promise<void> {
    const ready = await this.#untilAtRest(performance.now() + READY_TIMEOUT_MS);
    this.#system.started();
    if (!ready.atRest) throw new Error(`the system did not start: ${JSON.stringify(ready.replicas)}`);
  }

  /** Submits the tasks, each at its time. */
  async #submit(): Promise<void> {
    await Promise.all(
      this.#schedule.tasks.map(async (plan, number) => {
        await this.#wait(plan.atMs);
        await submit(this.#client, this.name, plan, number, this.#tasks[number] as TaskEvidence, this.#over.signal);
      }),
    );
  }

  /** Injects the faults, each at its time. @returns those that could not be injected */
  async #inject(): Promise<string[]> {
    this.#phase = "injecting";
    const missed: string[] = [];
    await Promise.all(
      this.#schedule.faults.map(async (fault) => {
        await this.#wait(fault.atMs);
        this.#injecting.add(fault);
        try {
          await inject(this.#context, fault);
        } catch (error) {
          missed.push(`${describeFault(fault)}: ${error instanceof Error ? error.message : error}`);
        } finally {
          this.#injecting.delete(fault);
        }
      }),
    );
    return missed;
  }

  async #removeFaults(): Promise<void> {
    this.#phase = "removing faults";
    await removeAll(this.#context);
  }

  /** Waits for recovery within its bound, and collects the evidence. */
  async #settle(boundMs: number, submitted: Promise<void>, watched: Promise<void>): Promise<Evidence> {
    this.#phase = "recovering";
    const calmAtMs = performance.now();
    const deadlineMs = calmAtMs + boundMs;
    const timer = setTimeout(() => this.#over.abort(), boundMs).unref();
    const failedProbes = [
      ...(await turnBackSwitches(this.#context, boundMs)),
      ...(await probe(this.#client, this.name, deadlineMs, this.signal)),
    ];
    await submitted;
    const { replicas, atRest } = await this.#untilAtRest(deadlineMs);
    const drainedAfterMs = atRest && failedProbes.length === 0 ? performance.now() - calmAtMs : undefined;
    clearTimeout(timer);
    this.#over.abort();
    await watched;
    this.#phase = "looking at everything";
    await lookAtLast(this.#client, this.#tasks);
    return {
      schedule: this.#schedule,
      tasks: this.#tasks,
      executions: readExecutionLog(this.#system.executionLog, this.name),
      deadLetters: await deadLetters(this.#client),
      replicas,
      failedProbes,
      drainedAfterMs,
      boundMs,
    };
  }

  /** Polls until both replicas are ready, every queue is empty and no task is open, or until the deadline. */
  async #untilAtRest(deadlineMs: number): Promise<{ replicas: ReplicaSight[]; atRest: boolean }> {
    for (;;) {
      const replicas = await Promise.all(REPLICAS.map((index) => lookAtReplica(this.#client, this.#system, index)));
      const open = await lookAtOpen(this.#client, this.#tasks, 0);
      const atRest = open === 0 && replicas.every(isAtRest);
      if (atRest || performance.now() > deadlineMs) return { replicas, atRest };
      await this.#wait(LOOK_INTERVAL_MS);
    }
  }

  get #context(): FaultContext {
    return { system: this.#system, client: this.#client, wait: (ms) => this.#wait(ms), signal: this.signal };
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal });
  }
}
