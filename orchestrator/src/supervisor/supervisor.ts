import { MAX_WORKERS_PER_TYPE } from "../config/serviceSettings.ts";
import { NotFoundError } from "../errors.ts";
import { UPSTREAMS } from "../metrics/contract.ts";
import type { ServiceMetrics } from "../metrics/serviceMetrics.ts";
import { Loop } from "./loop.ts";
import { type SlotDeps, type SlotSettings, WorkerSlot } from "./workerSlot.ts";
import type { WorkerStatus } from "./workerStatus.ts";

export type SupervisorSettings = SlotSettings & {
  readonly workersPerType: number;
  /** How often the workers are checked. */
  readonly watchIntervalMs: number;
  readonly drainTimeoutMs: number;
};

export type SupervisorDeps = Omit<SlotDeps, "settings" | "onCrash" | "onDeltas" | "onCircuit"> & {
  readonly settings: SupervisorSettings;
  readonly metrics: Pick<ServiceMetrics, "increment" | "merge">;
};

/** Starts, checks, restarts and stops the workers, counts crashes, and adds up the counters of the workers. */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #slots: ReadonlyMap<string, WorkerSlot[]>;
  /** Target number of workers per type. Slots above it are stopping. */
  readonly #wanted = new Map<string, number>();
  readonly #watch: Loop;
  #lastWatchMs: number;
  #stopping = false;

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

  /** Starts the configured number of workers for each type. */
  start(): void {
    this.#lastWatchMs = this.#deps.now();
    for (const type of this.#slots.keys()) this.scale(type, this.#deps.settings.workersPerType);
    this.#watch.start();
  }

  /** Drains all workers. Resolves when the last one has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#watch.stop();
    await Promise.all(this.#all().map((slot) => slot.stop(this.#deps.settings.drainTimeoutMs)));
  }

  /**
   * Sets the number of workers of a type. New workers start at once. Surplus workers first finish or release their tasks.
   * After `stop` it changes nothing: a new worker would only interrupt the tasks that it reads.
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
    if (this.#stopping) return;
    const before = this.#wanted.get(type) ?? 0;
    this.#wanted.set(type, count);
    if (before !== count)
      this.#deps.log.info({ type, before, count }, `Scaling ${type} from ${before} to ${count} workers`);
    while (slots.length < count) slots.push(this.#slot(type, slots.length));
    for (const slot of slots.slice(0, count)) slot.start();
    for (const slot of slots.slice(count)) void slot.stop(this.#deps.settings.drainTimeoutMs);
  }

  /** The target number of workers of a type. */
  wanted(type: string): number {
    return this.#wanted.get(type) ?? 0;
  }

  /** The status of each worker that has not stopped. */
  status(): WorkerStatus[] {
    return this.#all()
      .map((slot) => slot.status())
      .filter((status) => status.state !== "stopped");
  }

  /** The workers that are alive, so that their leases are renewed. */
  alive(): { type: string; index: number }[] {
    return this.#all()
      .filter((slot) => slot.isAlive())
      .map(({ type, index }) => ({ type, index }));
  }

  /** The worst state of each circuit breaker over all workers, in the order of UPSTREAMS. */
  circuits(): number[] {
    return UPSTREAMS.map((_, index) => Math.max(0, ...this.#all().map((slot) => slot.circuits[index] ?? 0)));
  }

  /** Starts orphan recovery in all workers. */
  recover(): void {
    for (const slot of this.#all()) slot.recover();
  }

  /** Sends the level to the running workers. Later workers start with the level of the log. */
  setLogLevel(level: string): void {
    for (const slot of this.#all()) slot.setLogLevel(level);
  }

  /** Checks all workers: kills those that hang or use too much memory. */
  check(): void {
    const now = this.#deps.now();
    const lateMs = now - this.#lastWatchMs;
    this.#lastWatchMs = now;
    for (const slot of this.#all()) {
      // This process itself was stopped (SIGSTOP, a suspended host). The heartbeats since then are not read yet.
      if (lateMs > 3 * this.#deps.settings.watchIntervalMs) slot.restartSilence();
      else slot.check();
    }
  }

  #all(): WorkerSlot[] {
    return [...this.#slots.values()].flat();
  }

  #slot(type: string, index: number): WorkerSlot {
    const { metrics, log } = this.#deps;
    const slot = new WorkerSlot(type, index, {
      ...this.#deps,
      onCrash: (crashed, reason) => metrics.increment("mcp_worker_crashes_total", { type: crashed, reason }),
      onDeltas: (deltas) => {
        if (!metrics.merge(deltas)) log.error({ type }, "Malformed metrics from a worker: dropped");
      },
      onCircuit: (message) => {
        for (const other of this.#all()) if (other !== slot) other.observe(message);
      },
    });
    return slot;
  }
}
