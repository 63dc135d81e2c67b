import { LANES, type Lane } from "../../metrics/contract.ts";

/**
 * Shares a worker's capacity between its two lanes. Each lane has a floor that the other can never take; all above is
 * for whoever needs it, express first: while the express lane has more work than slots, the regular one gets no slot
 * above its floor. A slot is held from before a read (which must not deliver more than can run)
 * until its task has ended.
 */
export class SlotPool {
  readonly size: number;
  readonly floor: number;
  readonly #used: Record<Lane, number> = { express: 0, regular: 0 };
  #expressHungry = false;
  readonly #waiting: Record<Lane, (() => void) | undefined> = { express: undefined, regular: undefined };

  /** @param size tasks at a time, at least 2 */
  constructor(size: number) {
    if (size < LANES.length) throw new RangeError(`A slot pool needs a slot for each lane, not ${size} in all`);
    this.size = size;
    this.floor = Math.max(1, Math.floor(size / 8));
  }

  /** Slots that a lane holds. */
  used(lane: Lane): number {
    return this.#used[lane];
  }

  /** Most slots that a lane can ever hold. */
  get most(): number {
    return this.size - this.floor;
  }

  /** Takes up to `wanted` slots for a lane; returns how many it got, 0 when there are none. */
  claim(lane: Lane, wanted: number): number {
    const granted = Math.min(wanted, this.#free(lane));
    this.#used[lane] += granted;
    return granted;
  }

  /** Notes whether the express lane has more work than it has slots. */
  setExpressHungry(hungry: boolean): void {
    this.#expressHungry = hungry;
    this.#wake();
  }

  /** Gives slots back and wakes a lane that waits for one. */
  release(lane: Lane, count: number): void {
    if (count === 0) return;
    if (count > this.#used[lane]) throw new RangeError(`${lane} releases ${count} of ${this.#used[lane]} slots`);
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

  /** Calls `wake` once, as soon as a slot of the lane may be free. One waiter per lane: its consumer. */
  whenFree(lane: Lane, wake: () => void): void {
    if (this.#free(lane) > 0) wake();
    else this.#waiting[lane] = wake;
  }

  #free(lane: Lane): number {
    if (lane === "regular" && this.#expressHungry) return Math.max(0, this.floor - this.#used.regular);
    const other = lane === "express" ? "regular" : "express";
    const reserved = Math.max(this.floor, this.#used[other]);
    return Math.max(0, this.size - this.#used[lane] - reserved);
  }
}
