/** How the number of a type's workers follows its backlog. */
export type AutoscaleSettings = {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** Backlog that one worker is expected to carry. */
  readonly lagPerWorker: number;
};

/** Looks in a row that must agree before workers are added: one spike is not load. */
export const UP_LOOKS = 2;
/** Looks in a row that must agree before one is removed: adding back what was just removed costs more than keeping it. */
export const DOWN_LOOKS = 6;

/**
 * Decides how many workers a type should have. Up fast (at most doubling), down slowly (one at a time), and the two
 * thresholds lie so far apart that a constant backlog never makes it go up and down in turn.
 */
export class Autoscaler {
  readonly #settings: AutoscaleSettings;
  #looksAbove = 0;
  #looksBelow = 0;

  constructor(settings: AutoscaleSettings) {
    this.#settings = settings;
  }

  /**
   * Takes one look.
   *
   * @param lag messages that wait or run
   * @param workers how many are wanted now
   * @returns how many should be wanted
   */
  decide(lag: number, workers: number): number {
    const { lagPerWorker, maxWorkers, minWorkers } = this.#settings;
    const bounded = Math.min(maxWorkers, Math.max(minWorkers, workers));
    if (bounded !== workers) return this.#settle(bounded);
    this.#looksAbove = lag > lagPerWorker * workers ? this.#looksAbove + 1 : 0;
    this.#looksBelow = lag < (lagPerWorker * (workers - 1)) / 2 ? this.#looksBelow + 1 : 0;
    if (this.#looksAbove >= UP_LOOKS) {
      return this.#settle(Math.min(maxWorkers, 2 * workers, Math.ceil(lag / lagPerWorker)));
    }
    if (this.#looksBelow >= DOWN_LOOKS) return this.#settle(Math.max(minWorkers, workers - 1));
    return workers;
  }

  #settle(workers: number): number {
    this.#looksAbove = 0;
    this.#looksBelow = 0;
    return workers;
  }
}
