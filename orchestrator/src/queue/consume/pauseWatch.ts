/** How old the last answer may be when a task starts. */
const MAX_AGE_MS = 1_000;

export type PauseWatchDeps = {
  readonly read: () => Promise<boolean>;
  readonly onPaused: (paused: boolean) => void;
  /** Called if the read fails. The last answer stays valid. */
  readonly onError: (error: unknown) => void;
};

/** Reads the pause switch of a type. It reads on demand, not on a timer, so an idle worker sends few commands. */
export class PauseWatch {
  readonly #deps: PauseWatchDeps;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(deps: PauseWatchDeps) {
    this.#deps = deps;
  }

  /** Reads the switch if the last answer is older than a second. Never rejects. */
  refresh(): Promise<void> | undefined {
    if (this.#reading !== undefined) return this.#reading;
    const nowMs = performance.now();
    if (nowMs - this.#readAtMs < MAX_AGE_MS) return undefined;
    // Set before the answer, so that a Redis that does not answer is asked once a second.
    this.#readAtMs = nowMs;
    const { read, onPaused, onError } = this.#deps;
    this.#reading = read()
      .then(onPaused, onError)
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }
}
