import { LANES, type Lane } from "../../metrics/contract.ts";

/**
 * Until both lanes of a worker that starts have run their poison candidates, nothing else runs: a candidate that takes
 * the process down takes nothing else with it.
 */
export class Quarantine {
  readonly #waiting: Set<Lane> = new Set(LANES);

  /** True while nothing but poison candidates may start. */
  get active(): boolean {
    return this.#waiting.size > 0;
  }

  /** A lane is connected and has no poison candidate. */
  clear(lane: Lane): void {
    this.#waiting.delete(lane);
  }
}
