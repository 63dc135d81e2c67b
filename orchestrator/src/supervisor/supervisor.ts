import { MAX_WORKERS_PER_TYPE } from "../config/serviceSettings.ts";
import { NotFoundError } from "../errors.ts";
import { UPSTREAMS } from "../metrics/contract.ts";
import type { Totals } from "../metrics/totals.ts";
import { Loop } from "./loop.ts";
import { type SlotDeps, type SlotSettings, WorkerSlot } from "./workerSlot.ts";
import type { WorkerStatus } from "./workerStatus.ts";

export type SupervisorSettings = SlotSettings & {
  readonly workersPerType: number;
  /** How often the workers are looked at. */
  readonly watchIntervalMs: number;
  readonly drainTimeoutMs: number;
};

export type SupervisorDeps = Omit<SlotDeps, "settings" | "onCrash" | "onDeltas" | "onCircuit"> & {
  readonly settings: SupervisorSettings;
  readonly totals: Totals;
};

/** Keeps the workers running, kills those that hang, counts those that die, and takes in what they count. */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #slots: ReadonlyMap<string, WorkerSlot[]>;
  /** How many workers of each type are wanted; slots above it are on their way out. */
  readonly #wanted = new Map<string, number>();
  readonly #watch: Loop;
  #lastWatchMs: number;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#slots = new Map(deps.types.map((type) => [type, []]));
    this.#lastWatchMs = deps.now();
    this.#watch = new Loop({
      name: "worker watch",
      intervalMs: deps.settings.watchIntervalMs,
      log: deps.log,
      run: async () => this.check(),
    });
  }

  /** Starts the configured number of workers of every type. */
  start(): void {
    this.#lastWatchMs = this.#deps.now();
    for (const type of this.#slots.keys()) this.scale(type, this.#deps.settings.workersPerType);
    this.#watch.start();
  }

  /** Drains all workers and resolves when the last one is gone. */
  async stop(): Promise<void> {
    await this.#watch.stop();
    await Promise.all(this.#all().map((slot) => slot.stop(this.#deps.settings.drainTimeoutMs)));
  }

  /**
   * Sets the number of workers of a type. New ones start at once; the ones to go finish or hand back what they have
   * in flight first.
   *
   * @throws NotFoundError for an unknown type, RangeError for a count that is not a whole number from 0 to
   *   MAX_WORKERS_PER_TYPE
   */
  scale(type: string, count: number): void {
    const slots = this.#slots.get(type);
    if (slots === undefined) throw new NotFoundError("task type", type);
    if (!Number.isInteger(count) || count < 0 || count > MAX_WORKERS_PER_TYPE) {
      throw new RangeError(`the number of workers must be a whole number from 0 to ${MAX_WORKERS_PER_TYPE}`);
    }
    const before = this.#wanted.get(type) ?? 0;
    this.#wanted.set(type, count);
    if (before !== count)
      this.#deps.log.info({ type, before, count }, `Scaling ${type} from ${before} to ${count} workers`);
    while (slots.length < count) slots.push(this.#slot(type, slots.length));
    for (const slot of slots.slice(0, count)) slot.start();
    for (const slot of slots.slice(count)) void slot.stop(this.#deps.settings.drainTimeoutMs);
  }

  /** How many workers of a type are wanted. */
  wanted(type: string): number {
    return this.#wanted.get(type) ?? 0;
  }

  /** Every worker that is wanted or still there. */
  status(): WorkerStatus[] {
    return this.#all()
      .map((slot) => slot.status())
      .filter((status) => status.state !== "stopped");
  }

  /** The workers whose tasks are being worked on: those whose leases are to be renewed. */
  alive(): { type: string; index: number }[] {
    return this.#all()
      .filter((slot) => slot.isAlive())
      .map(({ type, index }) => ({ type, index }));
  }

  /** Worst state of each upstream's circuit breaker over the workers, in the order of UPSTREAMS. */
  circuits(): number[] {
    return UPSTREAMS.map((_, index) => Math.max(0, ...this.#all().map((slot) => slot.circuits[index] ?? 0)));
  }

  /** Has all workers look for entries to take over. */
  recover(): void {
    for (const slot of this.#all()) slot.recover();
  }

  /** Tells the running workers; those that start later follow the level of the log. */
  setLogLevel(level: string): void {
    for (const slot of this.#all()) slot.setLogLevel(level);
  }

  /** One look at all workers, as the watch takes it again and again: kills those that hang or take too much. */
  check(): void {
    const now = this.#deps.now();
    const lateMs = now - this.#lastWatchMs;
    this.#lastWatchMs = now;
    for (const slot of this.#all()) {
      // After a stop of this process (SIGSTOP, a suspended host) the heartbeats are still unread: no worker is at fault.
      if (lateMs > 3 * this.#deps.settings.watchIntervalMs) slot.excuseSilence();
      else slot.check();
    }
  }

  #all(): WorkerSlot[] {
    return [...this.#slots.values()].flat();
  }

  #slot(type: string, index: number): WorkerSlot {
    const { totals, log } = this.#deps;
    const slot = new WorkerSlot(type, index, {
      ...this.#deps,
      onCrash: (crashed, reason) => totals.increment("mcp_worker_crashes_total", { type: crashed, reason }),
      onDeltas: (deltas) => {
        if (!totals.add(deltas)) log.error({ type }, "Malformed metrics from a worker: dropped");
      },
      onCircuit: (message) => {
        for (const other of this.#all()) if (other !== slot) other.learn(message);
      },
    });
    return slot;
  }
}
