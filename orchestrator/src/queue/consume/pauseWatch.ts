/** How old the last answer may be when a task starts. */
const MAX_AGE_MS = 1_000;

export type PauseWatchDeps = {
  readonly read: () => Promise<boolean>;
  readonly onPaused: (paused: boolean) => void;
  /** The last answer holds on. */
  readonly onError: (error: unknown) => void;
};

/**
 * Follows the switch that pauses a type. It is read when there is work and the last answer is old, and not by the
 * clock: an idle worker asks next to nothing.
 */
export class PauseWatch {
  readonly #deps: PauseWatchDeps;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(deps: PauseWatchDeps) {
    this.#deps = deps;
  }

  /** Asks if the last answer is old. Resolves, and never rejects, when an answer of the last second has been passed on. */
  refresh(): Promise<void> | undefined {
    if (this.#asking !== undefined) return this.#asking;
    const nowMs = performance.now();
    if (nowMs - this.#askedAtMs < MAX_AGE_MS) return undefined;
    // Noted whatever the answer: a Redis that does not answer is not asked with every read.
    this.#askedAtMs = nowMs;
    const { read, onPaused, onError } = this.#deps;
    this.#asking = read()
      .then(onPaused, onError)
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }
}
