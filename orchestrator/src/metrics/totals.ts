import type { Deltas } from "./cells.ts";
import type { CellMetric, LabelsOf, Layout } from "./layout.ts";

/**
 * The counters of the whole service since it started, fed by the deltas of its workers. A worker reports each increment
 * once and forgets it; one that is killed takes at most what it had not reported with it. So a total never falls, and
 * nothing is counted twice.
 */
export class Totals {
  readonly layout: Layout;
  /** One number per cell of the layout. */
  readonly values: Float64Array;

  constructor(layout: Layout) {
    this.layout = layout;
    this.values = new Float64Array(layout.size);
  }

  /**
   * Adds what a worker reported: all of it, or nothing when any part of it is malformed.
   *
   * @returns false when it was malformed
   */
  add(deltas: Deltas): boolean {
    if (deltas.length % 2 !== 0) return false;
    for (let at = 0; at < deltas.length; at += 2) {
      const cell = deltas[at] as number;
      const increment = deltas[at + 1] as number;
      if (!Number.isInteger(cell) || cell < 0 || cell >= this.values.length) return false;
      if (!Number.isFinite(increment) || increment < 0) return false;
    }
    for (let at = 0; at < deltas.length; at += 2) {
      const cell = deltas[at] as number;
      this.values[cell] = (this.values[cell] as number) + (deltas[at + 1] as number);
    }
    return true;
  }

  /** Value of one counter. */
  read<M extends CellMetric>(metric: M, labels: LabelsOf<M>): number {
    return this.values[this.layout.offsetOf(metric, labels)] as number;
  }

  /** Adds to a counter. */
  increment<M extends CellMetric>(metric: M, labels: LabelsOf<M>, count = 1): void {
    const cell = this.layout.offsetOf(metric, labels);
    this.values[cell] = (this.values[cell] as number) + count;
  }
}
