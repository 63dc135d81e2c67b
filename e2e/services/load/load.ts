import { setTimeout as pause } from "node:timers/promises";
import { BUILT_IN_TYPES, LANES, type Lane } from "mcp-orchestrator/contract";
import type { Ledger } from "./ledger.ts";
import type { ServiceApi, Submission } from "./serviceApi.ts";

export type TaskType = (typeof BUILT_IN_TYPES)[number];

/** Tasks per second by lane and type; what is not named is 0. */
export type LoadPlan = Readonly<Partial<Record<Lane, Readonly<Partial<Record<TaskType, number>>>>>>;

export type LoadDeps = {
  readonly api: ServiceApi;
  /** Receives the outcome of each submission. */
  readonly ledger: Pick<Ledger, "note">;
  /** Start of every task id; must be unique to the episode. */
  readonly idPrefix: string;
};

const QUEUES = LANES.flatMap((lane) => BUILT_IN_TYPES.map((type) => ({ lane, type })));
/** Time between two submissions. */
const TICK_MS = 200;
/** A generator that fell behind (a busy machine, a service that is down) does not catch up on more than this. */
const MOST_PER_TICK = 200;
/** A day of candles: a backlog that is let go at once must not keep the machine busy for all other stacks. */
const LAST_DAY = { symbol: "BTCUSDT", interval: "60", limit: 24 };
/** The runbook's own manual test uses this priority for the express lane. */
const PRIORITY: Readonly<Record<Lane, number>> = { express: 15, regular: 5 };

/** A steady, bounded load over the HTTP API, as clients would make it: what is refused is not tried again. */
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

  /** Starts, or goes on, with these rates. */
  run(plan: LoadPlan): void {
    this.#plan = plan;
    this.#loop ??= this.#submitUntilStopped();
  }

  /** Submits so many tasks at once and resolves when all were answered. */
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
      if (due.length > 0) await this.#submit(due);
      const restMs = Math.max(0, TICK_MS - (performance.now() - now));
      await pause(restMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  #due(elapsedSeconds: number): Submission[] {
    const due: Submission[] = [];
    for (const [index, { lane, type }] of QUEUES.entries()) {
      const key = `${lane} ${type}`;
      // Each queue's tasks come at times of their own: clients do not all submit in the same instant.
      const before = this.#owed.get(key) ?? index / QUEUES.length;
      const owed = before + (this.#plan[lane]?.[type] ?? 0) * elapsedSeconds;
      const whole = Math.min(Math.floor(owed), MOST_PER_TICK - due.length);
      this.#owed.set(key, Math.min(owed - whole, 1));
      for (let i = 0; i < whole; i += 1) due.push(this.#task(type, lane));
    }
    return due;
  }

  #task(type: TaskType, lane: Lane): Submission {
    this.#count += 1;
    const id = `${this.#deps.idPrefix}-${this.#count}`;
    const payload = type === "ml" ? LAST_DAY : { prompt: `Question ${id}` };
    return { task_id: id, type, priority: PRIORITY[lane], payload };
  }

  async #submit(tasks: readonly Submission[]): Promise<void> {
    const ids = tasks.map(({ task_id }) => task_id);
    this.#deps.ledger.note(ids, await this.#deps.api.submit(tasks));
  }
}
