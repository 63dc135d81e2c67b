import { setTimeout as delay } from "node:timers/promises";
import { type Conditions, HEALTHY } from "./control.ts";

/** Most different requests that are counted separately. Others are counted in the totals only. */
const MAX_KEYS = 100_000;

/** What one API has counted since the start or the last reset. */
export type ApiStats = {
  /** Requests that arrived. */
  readonly received: number;
  /** Requests answered normally. */
  readonly answered: number;
  /** Requests answered with an injected error. */
  readonly failed: number;
  /** Malformed requests. */
  readonly refused: number;
  /** Requests whose client disconnected first. */
  readonly aborted: number;
  /** Requests that wait for the end of a stall. */
  readonly held: number;
};

/** The client disconnected while its request was held or delayed. */
export class ClientGone extends Error {}

/** Conditions, held requests and counters of one simulated API. */
export class SimulatedApi {
  #conditions = HEALTHY;
  #gate: PromiseWithResolvers<void> | undefined;
  #held = 0;
  #turn = 0;
  readonly #random: () => number;
  readonly #executions = new Map<string, number>();
  readonly #counts = { received: 0, answered: 0, failed: 0, refused: 0, aborted: 0 };

  /** @param random decides which requests fail; uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  get conditions(): Conditions {
    return this.#conditions;
  }

  get stats(): ApiStats {
    return { ...this.#counts, held: this.#held };
  }

  /** How often each request was answered normally, by what it asked for. */
  get executions(): Record<string, number> {
    return Object.fromEntries(this.#executions);
  }

  /** Changes some conditions. The end of a stall answers every held request. */
  update(change: { [K in keyof Conditions]?: Conditions[K] | undefined }): void {
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    this.#conditions = { ...this.#conditions, ...given };
    if (this.#conditions.stall) {
      this.#gate ??= Promise.withResolvers<void>();
    } else {
      this.#gate?.resolve();
      this.#gate = undefined;
    }
  }

  /** Resets the counters. */
  reset(): void {
    this.#executions.clear();
    Object.assign(this.#counts, { received: 0, answered: 0, failed: 0, refused: 0, aborted: 0 });
  }

  /** Counts a request that arrived, well formed or not. */
  receive(): void {
    this.#counts.received += 1;
  }

  /** Counts a request that was malformed. */
  refuse(): void {
    this.#counts.refused += 1;
  }

  /**
   * Applies the conditions to one well-formed request.
   *
   * @param key identifies the request in the counters of executions
   * @param gone aborted when the client disconnects
   * @returns the status of the error to answer with, or undefined to answer normally
   * @throws ClientGone when the client no longer waits for the answer
   */
  async answer(key: string, gone: AbortSignal): Promise<number | undefined> {
    try {
      await this.#hold(gone);
      const { latencyMs, errorRate, errorStatus, oneIn } = this.#conditions;
      // Counted and not drawn, so that a share of requests is the same in each window.
      this.#turn = (this.#turn + 1) % oneIn;
      const isMeant = this.#turn === 0;
      if (isMeant && latencyMs > 0) await delay(latencyMs, undefined, { signal: gone });
      if (isMeant && errorRate > 0 && this.#random() < errorRate) {
        this.#counts.failed += 1;
        return errorStatus;
      }
    } catch (error) {
      if (!gone.aborted) throw error;
      this.#counts.aborted += 1;
      throw new ClientGone();
    }
    this.#counts.answered += 1;
    const seen = this.#executions.get(key);
    if (seen !== undefined || this.#executions.size < MAX_KEYS) this.#executions.set(key, (seen ?? 0) + 1);
    return undefined;
  }

  async #hold(gone: AbortSignal): Promise<void> {
    this.#held += 1;
    try {
      // A stall may begin again before the released requests get their turn.
      while (this.#gate !== undefined) await abortable(this.#gate.promise, gone);
    } finally {
      this.#held -= 1;
    }
    gone.throwIfAborted();
  }
}

function abortable(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve).finally(() => signal.removeEventListener("abort", abort));
  });
}
