import { LANES, type Lane } from "../../metrics/contract.ts";
import type { EntryTable } from "../entryTable.ts";

/**
 * Isolates the poison candidates of a worker. One candidate runs at a time, in both lanes together. After a start, no
 * other task runs until both lanes have run their candidates. So a candidate that crashes the process interrupts no
 * ordinary task and no other candidate. While a breaker is open, candidates and ordinary tasks take turns as its probe: a
 * candidate whose request always fails must not keep the breaker open for all others.
 */
export class Quarantine {
  readonly #waiting: Set<Lane> = new Set(LANES);
  readonly #tables = new Map<Lane, EntryTable>();
  #ordinaryTurn = false;

  /** Adds the entries of a lane. */
  watch(lane: Lane, table: EntryTable): void {
    this.#tables.set(lane, table);
  }

  /** True if a poison candidate of this lane waits and none runs in either lane. */
  candidateDue(lane: Lane): boolean {
    if (this.#tables.get(lane)?.candidateDue !== true) return false;
    return LANES.every((other) => this.#tables.get(other)?.candidateRuns !== true);
  }

  /** True while only poison candidates may start. */
  get active(): boolean {
    return this.#waiting.size > 0;
  }

  /** True if the next probe of an open breaker is an ordinary task. */
  get ordinaryTurn(): boolean {
    return this.#ordinaryTurn;
  }

  /** Notes the start of a probe. */
  probed(candidate: boolean): void {
    this.#ordinaryTurn = candidate;
  }

  /** Notes that a connected lane has no poison candidate left. */
  clear(lane: Lane): void {
    this.#waiting.delete(lane);
  }
}
