/** Something with a deadline. `startedAtMs` is read from the clock of the watch. */
export type Timed = { readonly startedAtMs: number; onDeadline(): void };

/**
 * Watches the deadlines of tasks that share one time limit. The task that started first is due first, so one timer
 * serves all of them.
 */
export class DeadlineWatch<T extends Timed> {
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #running: Set<T> = new Set();
  #timer: NodeJS.Timeout | undefined;

  /** @param now monotonic clock in milliseconds */
  constructor(timeoutMs: number, now: () => number) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /** Starts watching. Calls `item.onDeadline` once, unless the item is removed first. */
  add(item: T): void {
    this.#running.add(item);
    if (this.#timer === undefined) this.#arm(this.#timeoutMs);
  }

  remove(item: T): void {
    this.#running.delete(item);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running.clear();
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#check(), delayMs);
    this.#timer.unref();
  }

  #check(): void {
    this.#timer = undefined;
    const now = this.#now();
    for (const item of this.#running) {
      const leftMs = item.startedAtMs + this.#timeoutMs - now;
      if (leftMs > 0) {
        this.#arm(Math.max(1, leftMs));
        return;
      }
      this.#running.delete(item);
      item.onDeadline();
    }
  }
}
