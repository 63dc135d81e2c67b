import { LANES, type Lane } from "../../metrics/contract.ts";
import type { EntryTable } from "../entryTable.ts";

/**
 * Keeps the poison candidates of a worker's two lanes apart: only one of them runs at a time, and until both lanes of a
 * worker that starts have run theirs, nothing else does. A candidate that takes the process down takes nothing else with
 * it, and no other candidate dies with it again and again.
 */
export class Quarantine {
  readonly #waiting: Set<Lane> = new Set(LANES);
  readonly #tables = new Map<Lane, EntryTable>();

  /** Adds a lane by its entries. */
  watch(lane: Lane, table: EntryTable): void {
    this.#tables.set(lane, table);
  }

  /** True when a poison candidate of a lane waits and none runs, in either lane. */
  candidateDue(lane: Lane): boolean {
    if (this.#tables.get(lane)?.candidateDue !== true) return false;
    return LANES.every((other) => this.#tables.get(other)?.candidateRuns !== true);
  }

  /** True while nothing but poison candidates may start. */
  get active(): boolean {
    return this.#waiting.size > 0;
  }

  /** A lane is connected and has no poison candidate. */
  clear(lane: Lane): void {
    this.#waiting.delete(lane);
  }
}
