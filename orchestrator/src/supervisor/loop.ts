import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";

export type LoopOptions = {
  /** Named in the log when a round fails. */
  readonly name: string;
  /** Asked before every round. */
  readonly intervalMs: number | (() => number);
  /** Share of the interval by which a round may come earlier or later, so that replicas do not march in step. */
  readonly jitter?: number;
  readonly log: Log;
  /** Called after every round: how tests wait for one. */
  readonly onRound?: (failure: unknown) => void;
  run(signal: AbortSignal): Promise<unknown>;
};

/** Runs one maintenance task again and again. Rounds never overlap, and a failed one is logged and followed by the next. */
export class Loop {
  readonly #options: LoopOptions;
  #abort: AbortController | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** First round after one interval. */
  start(): this {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      this.#done = this.#rounds(this.#abort.signal);
    }
    return this;
  }

  /** Aborts the pause or the signal of the round, and resolves when that has ended. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    await this.#done;
    this.#abort = undefined;
  }

  async #rounds(signal: AbortSignal): Promise<void> {
    const { intervalMs, jitter = 0.1, log, name, run, onRound } = this.#options;
    while (!signal.aborted) {
      const restMs = typeof intervalMs === "number" ? intervalMs : intervalMs();
      const pauseMs = restMs * (1 + jitter * (2 * Math.random() - 1));
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await run(signal);
        onRound?.(undefined);
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error, loop: name }, `${name} failed: ${messageOf(error)}`);
        onRound?.(error);
      }
    }
  }
}
