import { setTimeout as pause } from "node:timers/promises";
import { BUILT_IN_TYPES, LANES, type Lane } from "mcp-orchestrator/contract";
import type { Ledger } from "./ledger.ts";
import type { ServiceApi, Submission } from "./serviceApi.ts";

export type TaskType = (typeof BUILT_IN_TYPES)[number];

/** Tasks per second by lane and type; 0 if absent. */
export type LoadPlan = Readonly<Partial<Record<Lane, Readonly<Partial<Record<TaskType, number>>>>>>;

export type LoadDeps = {
  readonly api: Pick<ServiceApi, "submit">;
  /** Receives the outcome of each submission. */
  readonly ledger: Pick<Ledger, "note">;
  /** Start of every task id; unique to the episode. */
  readonly idPrefix: string;
};

const QUEUES = LANES.flatMap((lane) => BUILT_IN_TYPES.map((type) => ({ lane, type })));
/** Time between two submissions. */
const TICK_MS = 200;
/** A generator that fell behind catches up on this much at most. */
const MOST_PER_TICK = 200;
/** A task of each type, by its id. */
const PAYLOADS: Readonly<Record<TaskType, (id: string) => object>> = {
  reasoning: (id) => ({ prompt: `Question ${id}` }),
  codegen: (id) => ({ prompt: `Program ${id}` }),
  // A day of candles, so that a released backlog does not keep the machine busy.
  ml: () => ({ symbol: "BTCUSDT", interval: "60", limit: 24 }),
};
/** The priority of express tasks, as in the runbook's manual test. */
export const PRIORITY: Readonly<Record<Lane, number>> = { express: 15, regular: 5 };

/** A steady, bounded load over the HTTP API. Rejected tasks are not submitted again. */
export class Load implements AsyncDisposable {
  readonly #deps: LoadDeps;
  readonly #stop = new AbortController();
  readonly #owed = new Map<string, number>();
  #plan: LoadPlan = {};
  #count = 0;
  #loop: Promise<void> | undefined;

  constructor(deps: LoadDeps) {
    this.#deps = deps;
  }

  /** Starts or continues with these rates. */
  run(plan: LoadPlan): void {
    this.#plan = plan;
    this.#loop ??= this.#submitUntilStopped();
  }

  /** Submits this many tasks at once and resolves when all are answered. */
  async burst(type: TaskType, lane: Lane, count: number): Promise<void> {
    for (let left = count; left > 0; left -= MOST_PER_TICK) {
      await this.#submit(Array.from({ length: Math.min(left, MOST_PER_TICK) }, () => this.#task(type, lane)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #submitUntilStopped(): Promise<void> {
    let last = performance.now();
    while (!this.#stop.signal.aborted) {
      const now = performance.now();
      const due = this.#due((now - last) / 1000);
      last = now;
      await Promise.all(due.map((batch) => this.#submit(batch)));
      const restMs = Math.max(0, TICK_MS - (performance.now() - now));
      await pause(restMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  /** One batch per queue: the service refuses a batch as a whole. */
  #due(elapsedSeconds: number): Submission[][] {
    const due: Submission[][] = [];
    let left = MOST_PER_TICK;
    for (const [index, { lane, type }] of QUEUES.entries()) {
      const key = `${lane} ${type}`;
      // Each queue has its own phase, so that tasks are not all submitted at the same instant.
      const before = this.#owed.get(key) ?? index / QUEUES.length;
      const owed = before + (this.#plan[lane]?.[type] ?? 0) * elapsedSeconds;
      const whole = Math.min(Math.floor(owed), left);
      this.#owed.set(key, Math.min(owed - whole, 1));
      left -= whole;
      if (whole > 0) due.push(Array.from({ length: whole }, () => this.#task(type, lane)));
    }
    return due;
  }

  #task(type: TaskType, lane: Lane): Submission {
    this.#count += 1;
    const id = `${this.#deps.idPrefix}-${this.#count}`;
    return { task_id: id, type, priority: PRIORITY[lane], payload: PAYLOADS[type](id) };
  }

  async #submit(tasks: readonly Submission[]): Promise<void> {
    const ids = tasks.map(({ task_id }) => task_id);
    this.#deps.ledger.note(ids, await this.#deps.api.submit(tasks));
  }
}
