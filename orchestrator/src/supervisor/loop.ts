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
  /** By when the next round was asked for, monotonic. */
  #latestMs = Number.POSITIVE_INFINITY;
  #arm: () => void = () => undefined;
  #endPause: () => void = () => undefined;

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

  /** Has the next round begin at most that long from now, whatever the interval. One that runs already does not count. */
  within(ms: number): void {
    const latestMs = performance.now() + ms;
    if (latestMs >= this.#latestMs) return;
    this.#latestMs = latestMs;
    this.#arm();
  }

  /** Ends the pause or aborts the signal of the round, and resolves when that has ended. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    this.#endPause();
    await this.#done;
    this.#abort = undefined;
  }

  async #rounds(signal: AbortSignal): Promise<void> {
    const { intervalMs, jitter = 0.1, log, name, run, onRound } = this.#options;
    while (!signal.aborted) {
      const restMs = typeof intervalMs === "number" ? intervalMs : intervalMs();
      await this.#pause(restMs * (1 + jitter * (2 * Math.random() - 1)));
      if (signal.aborted) return;
      this.#latestMs = Number.POSITIVE_INFINITY;
      try {
        await run(signal);
        onRound?.(undefined);
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error, loop: name }, `${name} failed: ${messageOf(error)}`);
        onRound?.(error);
      }
    }
  }

  /** Until it is over, or a round is asked for before, or the loop is stopped. */
  async #pause(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#endPause = resolve;
      this.#arm = () => {
        clearTimeout(timer);
        timer = setTimeout(resolve, Math.max(0, Math.min(endMs, this.#latestMs) - performance.now()));
      };
      this.#arm();
    });
    this.#arm = () => undefined;
    clearTimeout(timer);
  }
}
