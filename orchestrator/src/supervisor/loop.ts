import { messageOf } from "../errors.ts";
import { spreadMs } from "../jitter.ts";
import type { Log } from "../log.ts";

export type LoopOptions = {
  /** Name in log messages. */
  readonly name: string;
  /** A function is called before each round. */
  readonly intervalMs: number | (() => number);
  /** False: keeps the interval exactly. Default: adds jitter. */
  readonly spread?: boolean;
  /** True: the first round follows at once. Default: after one interval. */
  readonly immediate?: boolean;
  readonly log: Log;
  /** Called after each round. For tests. */
  readonly onRound?: (failure: unknown) => void;
  run(signal: AbortSignal): Promise<unknown>;
};

/** Runs a maintenance task in rounds, which never overlap. A failed round is logged, and the next one follows as usual. */
export class Loop {
  readonly #options: LoopOptions;
  #abort: AbortController | undefined;
  #done: Promise<void> = Promise.resolve();
  /** Monotonic time by which the next round must start, as requested by `within`. */
  #latestMs = Number.POSITIVE_INFINITY;
  #arm: () => void = () => undefined;
  #endPause: () => void = () => undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Starts the loop. */
  start(): this {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      this.#done = this.#rounds(this.#abort.signal);
    }
    return this;
  }

  /** Starts the next round within this time, even if the interval is longer. A round in progress does not count. */
  within(ms: number): void {
    const latestMs = performance.now() + ms;
    if (latestMs >= this.#latestMs) return;
    this.#latestMs = latestMs;
    this.#arm();
  }

  /** Ends the pause, or aborts the signal of the current round. Resolves when the round has ended. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    this.#endPause();
    await this.#done;
    this.#abort = undefined;
  }

  async #rounds(signal: AbortSignal): Promise<void> {
    const { intervalMs, spread = true, immediate = false, log, name, run, onRound } = this.#options;
    for (let first = true; !signal.aborted; first = false) {
      if (!first || !immediate) {
        const restMs = typeof intervalMs === "number" ? intervalMs : intervalMs();
        await this.#pause(spread ? spreadMs(restMs, Math.random) : restMs);
        if (signal.aborted) return;
      }
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

  /** Waits until the time is over, an earlier round is requested, or the loop stops. */
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
