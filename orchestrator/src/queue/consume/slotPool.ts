import { LANES, type Lane } from "../../metrics/contract.ts";

/**
 * Slots of one lane, owned by what holds this object: it disposes of them on every way out, or moves them to a new owner
 * with `split`. Disposing twice gives nothing back twice.
 */
export class Slots implements Disposable {
  readonly #giveBack: (count: number) => void;
  #count: number;

  constructor(count: number, giveBack: (count: number) => void) {
    this.#count = count;
    this.#giveBack = giveBack;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Moves some of these slots to an owner of their own.
   *
   * @throws RangeError when there are fewer
   */
  split(count: number): Slots {
    if (count > this.#count) throw new RangeError(`${count} of ${this.#count} slots cannot be moved`);
    this.#count -= count;
    return new Slots(count, this.#giveBack);
  }

  [Symbol.dispose](): void {
    const count = this.#count;
    this.#count = 0;
    if (count > 0) this.#giveBack(count);
  }
}

/**
 * Shares a worker's capacity between its two lanes. Each lane has a floor that the other can never take; all above is
 * for the lane that needs it, express first: while the express lane is saturated, the regular one gets no slot above its
 * floor. A slot is held from before a read (which must not deliver more than can run) until its task has ended.
 */
export class SlotPool {
  readonly size: number;
  readonly floor: number;
  readonly #used: Record<Lane, number> = { express: 0, regular: 0 };
  readonly #giveBack: Record<Lane, (count: number) => void>;
  #expressSaturated = false;
  readonly #waiting: Record<Lane, (() => void) | undefined> = { express: undefined, regular: undefined };

  /** @param size tasks at a time, at least 2 */
  constructor(size: number) {
    if (size < LANES.length) throw new RangeError(`A slot pool needs a slot for each lane, not ${size} in all`);
    this.size = size;
    this.floor = Math.max(1, Math.floor(size / 8));
    this.#giveBack = {
      express: (count) => this.#release("express", count),
      regular: (count) => this.#release("regular", count),
    };
  }

  /** Slots that are owned by something of a lane. */
  used(lane: Lane): number {
    return this.#used[lane];
  }

  /** Most slots that a lane can ever hold. */
  get most(): number {
    return this.size - this.floor;
  }

  /** Up to `wanted` slots of a lane, for the caller to own; none where there are none. */
  claim(lane: Lane, wanted: number): Slots {
    const granted = Math.min(wanted, this.#free(lane));
    this.#used[lane] += granted;
    return new Slots(granted, this.#giveBack[lane]);
  }

  /** Notes whether the express lane has more work than it has slots. */
  setExpressSaturated(saturated: boolean): void {
    if (this.#expressSaturated === saturated) return;
    this.#expressSaturated = saturated;
    this.#wake();
  }

  /** Calls `wake` once, as soon as a slot of the lane may be free. One waiter per lane: its consumer. */
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
