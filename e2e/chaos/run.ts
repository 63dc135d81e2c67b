import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
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
import { describeFault, drainBoundMs, REPLICAS, type Schedule, stretched, TYPES } from "./schedule.ts";
import { CONCURRENCY, System } from "./system/system.ts";

/** What became of one schedule. */
export type RunResult = {
  readonly schedule: Schedule;
  readonly violations: readonly Violation[];
  /** Faults that could not be injected as written, mostly because of another one. */
  readonly missedFaults: readonly string[];
  readonly accepted: number;
  readonly executions: number;
  readonly drainedAfterMs: number | undefined;
  readonly durationMs: number;
  /** Folder of the service's logs, and the name of the run in them. */
  readonly logs: string;
};

/** A start is not what is judged: a busy machine may take its time. */
const READY_TIMEOUT_MS = 180_000;
const LOOK_INTERVAL_MS = 400;

export type RunOptions = {
  /** Folder for the logs of the service. */
  readonly logs: string;
  /** Factor of all times: above 1 for a machine that is busy with other things. */
  readonly stretch: number;
  readonly signal: AbortSignal;
};

/** Runs one schedule on a system of its own, and judges it. */
export async function runSchedule(schedule: Schedule, options: RunOptions): Promise<RunResult> {
  await using system = await System.start(schedule, options.stretch, options.logs);
  return await runOn(system, schedule, options);
}

/** Runs one schedule on a system that is at rest, and judges it. Without a violation it is at rest again. */
export async function runOn(
  system: System,
  schedule: Schedule,
  { stretch, signal: interrupted }: Omit<RunOptions, "logs">,
): Promise<RunResult> {
  const beganAtMs = performance.now();
  const run = new Run(schedule, stretch, system, interrupted);
  await run.untilReady();
  const missedFaults = await run.play();
  const evidence = await run.settle();
  interrupted.throwIfAborted();
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

/** The phases of one run. */
class Run {
  readonly name: string;
  readonly #schedule: Schedule;
  readonly #stretch: number;
  readonly #system: System;
  readonly #client: Client;
  readonly #interrupted: AbortSignal;
  readonly #tasks: TaskEvidence[];
  /** Aborted when the time to recover is over: nothing is submitted or ordered after it. */
  readonly #over = new AbortController();
  #submissions: Promise<unknown> = Promise.resolve();
  #watched: Promise<void> = Promise.resolve();

  constructor(schedule: Schedule, stretch: number, system: System, interrupted: AbortSignal) {
    this.#schedule = stretched(schedule, stretch);
    this.#stretch = stretch;
    this.#system = system;
    this.name = system.nextRun();
    this.#client = new Client(system);
    this.#interrupted = interrupted;
    this.#tasks = schedule.tasks.map(noEvidence);
    // Every task and fault waits with it.
    setMaxListeners(0, interrupted, this.#over.signal);
    interrupted.addEventListener("abort", () => this.#over.abort(), { once: true });
  }

  /** Waits until everything works before anything is broken. @throws when it does not in time */
  async untilReady(): Promise<void> {
    const ready = await this.#untilAtRest(performance.now() + READY_TIMEOUT_MS);
    this.#system.started();
    if (!ready.atRest) throw new Error(`the system did not start: ${JSON.stringify(ready.replicas)}`);
  }

  /** Submits the tasks and injects the faults, each at its time. @returns the faults that could not be injected */
  async play(): Promise<string[]> {
    const missed: string[] = [];
    const context = this.#context();
    this.#watched = watch(this.#client, this.#tasks, this.#over.signal);
    this.#submissions = Promise.all(
      this.#schedule.tasks.map(async (plan, number) => {
        await this.#wait(plan.atMs);
        await submit(this.#client, this.name, plan, number, this.#tasks[number] as TaskEvidence, this.#over.signal);
      }),
    );
    await Promise.all(
      this.#schedule.faults.map(async (fault) => {
        await this.#wait(fault.atMs);
        try {
          await inject(context, fault);
        } catch (error) {
          missed.push(`${describeFault(fault)}: ${error instanceof Error ? error.message : error}`);
        }
      }),
    );
    return missed;
  }

  /** Removes all faults, gives the system its time to recover, and looks at everything. */
  async settle(): Promise<Evidence> {
    const context = this.#context();
    await removeAll(context);
    const calmAtMs = performance.now();
    const boundMs = drainBoundMs(this.#schedule, this.#stretch, this.#system.startMs);
    const deadlineMs = calmAtMs + boundMs;
    const timer = setTimeout(() => this.#over.abort(), boundMs);
    const failedProbes = [
      ...(await turnBackSwitches(context, boundMs)),
      ...(await probe(this.#client, this.name, deadlineMs)),
    ];
    await this.#submissions;
    const { replicas, atRest } = await this.#untilAtRest(deadlineMs);
    const drainedAfterMs = atRest && failedProbes.length === 0 ? performance.now() - calmAtMs : undefined;
    clearTimeout(timer);
    this.#over.abort();
    await this.#watched;
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

  /** Looks until both replicas serve, every queue is empty and no task is open, or the time is over. */
  async #untilAtRest(deadlineMs: number): Promise<{ replicas: ReplicaSight[]; atRest: boolean }> {
    for (;;) {
      const replicas = await Promise.all(REPLICAS.map((index) => lookAtReplica(this.#client, this.#system, index)));
      const open = await lookAtOpen(this.#client, this.#tasks, 0);
      const atRest = open === 0 && replicas.every(isAtRest);
      if (atRest || performance.now() > deadlineMs) return { replicas, atRest };
      await this.#wait(LOOK_INTERVAL_MS);
    }
  }

  #context(): FaultContext {
    return { system: this.#system, client: this.#client, wait: (ms) => this.#wait(ms) };
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#interrupted });
  }
}
