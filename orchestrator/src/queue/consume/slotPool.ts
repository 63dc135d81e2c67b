import { LANES, type Lane } from "../../metrics/contract.ts";

/**
 * Slots of one lane. The holder of this object owns them. It disposes of them, or moves them to a new owner with `split`.
 * Disposing twice releases them once.
 */
export class Slots implements Disposable {
  readonly #release: (count: number) => void;
  #count: number;

  constructor(count: number, release: (count: number) => void) {
    this.#count = count;
    this.#release = release;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Moves some of these slots to a new owner.
   *
   * @throws RangeError if there are fewer
   */
  split(count: number): Slots {
    if (count > this.#count) throw new RangeError(`${count} of ${this.#count} slots cannot be moved`);
    this.#count -= count;
    return new Slots(count, this.#release);
  }

  [Symbol.dispose](): void {
    const count = this.#count;
    this.#count = 0;
    if (count > 0) this.#release(count);
  }
}

/**
 * Shares the slots of a worker between its two lanes. Each lane has a floor that the other lane cannot use. Either lane
 * may use the slots above the floors, but while the express lane is saturated, the regular lane gets none of them. A lane
 * claims slots before a read, so that it never reads more than it can run, and releases each when its task has ended.
 */
export class SlotPool {
  readonly size: number;
  readonly floor: number;
  readonly #used: Record<Lane, number> = { express: 0, regular: 0 };
  readonly #releases: Record<Lane, (count: number) => void>;
  #expressSaturated = false;
  readonly #waiting: Record<Lane, (() => void) | undefined> = { express: undefined, regular: undefined };

  /** @param size number of slots, at least 2 */
  constructor(size: number) {
    if (size < LANES.length) throw new RangeError(`a slot pool needs at least ${LANES.length} slots, not ${size}`);
    this.size = size;
    this.floor = Math.max(1, Math.floor(size / 8));
    this.#releases = {
      express: (count) => this.#release("express", count),
      regular: (count) => this.#release("regular", count),
    };
  }

  /** Slots that a lane uses. */
  used(lane: Lane): number {
    return this.#used[lane];
  }

  /** The most slots that one lane can use. */
  get maxPerLane(): number {
    return this.size - this.floor;
  }

  /** Claims up to `wanted` slots for a lane. The result is empty if none are free. */
  claim(lane: Lane, wanted: number): Slots {
    const granted = Math.min(wanted, this.#free(lane));
    this.#used[lane] += granted;
    return new Slots(granted, this.#releases[lane]);
  }

  /** Sets whether the express lane has more entries than slots. */
  setExpressSaturated(saturated: boolean): void {
    if (this.#expressSaturated === saturated) return;
    this.#expressSaturated = saturated;
    this.#wake();
  }

  /** Calls `wake` once, when a slot may be free for the lane. Each lane has one waiter, its consumer. */
  whenFree(lane: Lane, wake: () => void): void {
    if (this.#free(lane) > 0) wake();
    else this.#waiting[lane] = wake;
  }

  #release(lane: Lane, count: number): void {
    this.#used[lane] -= count;
    this.#wake();
  }

  #wake(): void {
    for (const candidate of LANES) {
      const wake = this.#waiting[candidate];
      if (wake !== undefined && this.#free(candidate) > 0) {
        this.#waiting[candidate] = undefined;
        wake();
      }
    }
  }

  #free(lane: Lane): number {
    if (lane === "regular" && this.#expressSaturated) return Math.max(0, this.floor - this.#used.regular);
    const other = lane === "express" ? "regular" : "express";
    const reserved = Math.max(this.floor, this.#used[other]);
    return Math.max(0, this.size - this.#used[lane] - reserved);
  }
}
