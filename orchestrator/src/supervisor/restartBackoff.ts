/**
 * Pause before the restart of a worker. It doubles with each crash in a row, up to a cap, and starts over after a worker
 * has run for twice the cap. The cap is low on purpose (docs/adr/restart-backoff-cap.md).
 */
export class RestartBackoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #crashes = 0;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** @param upMs how long the crashed worker had been running */
  next(upMs: number): number {
    if (upMs >= 2 * this.#maxMs) this.#crashes = 0;
    // Bounded, because 2 ** 1024 is Infinity.
    const pauseMs = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#crashes, 30));
    this.#crashes++;
    return pauseMs;
  }
}
