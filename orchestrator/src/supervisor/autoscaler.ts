/** How the number of workers of a type follows its backlog. */
export type AutoscaleSettings = {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** Backlog that one worker is expected to handle. */
  readonly lagPerWorker: number;
};

/** Samples in a row that must agree before workers are added, so that one spike has no effect. */
export const UP_SAMPLES = 2;
/** Samples in a row that must agree before a worker is removed. More than for adding: a restart costs more than keeping it. */
export const DOWN_SAMPLES = 6;

/**
 * Decides how many workers a type should have. It scales up fast (at most doubling) and down slowly (one at a time). The
 * two thresholds are so far apart that the number does not oscillate under a constant backlog.
 */
export class Autoscaler {
  readonly #settings: AutoscaleSettings;
  #samplesAbove = 0;
  #samplesBelow = 0;

  constructor(settings: AutoscaleSettings) {
    this.#settings = settings;
  }

  /**
   * Takes one sample.
   *
   * @param lag messages that wait or run
   * @param workers current target
   * @returns new target
   */
  decide(lag: number, workers: number): number {
    const { lagPerWorker, maxWorkers, minWorkers } = this.#settings;
    const bounded = Math.min(maxWorkers, Math.max(minWorkers, workers));
    if (bounded !== workers) return this.#settle(bounded);
    this.#samplesAbove = lag > lagPerWorker * workers ? this.#samplesAbove + 1 : 0;
    this.#samplesBelow = lag < (lagPerWorker * (workers - 1)) / 2 ? this.#samplesBelow + 1 : 0;
    if (this.#samplesAbove >= UP_SAMPLES) {
      return this.#settle(Math.min(maxWorkers, 2 * workers, Math.ceil(lag / lagPerWorker)));
    }
    if (this.#samplesBelow >= DOWN_SAMPLES) return this.#settle(Math.max(minWorkers, workers - 1));
    return workers;
  }

  #settle(workers: number): number {
    this.#samplesAbove = 0;
    this.#samplesBelow = 0;
    return workers;
  }
}
