/**
 * Pause before the next restart of a worker: doubles with every crash in a row up to a cap, and starts over after the
 * worker has lived for twice the cap. The cap is low on purpose: see docs/adr on the restart back-off.
 */
export class RestartBackoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #crashes = 0;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** @param livedMs how long the worker that has just crashed had been up */
  next(livedMs: number): number {
    if (livedMs >= 2 * this.#maxMs) this.#crashes = 0;
    // The exponent is bounded, for 2 ** 1024 is Infinity.
    const pauseMs = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#crashes, 30));
    this.#crashes++;
    return pauseMs;
  }
}
