/** The window is divided into parts. The oldest results leave it one part at a time. */
const PARTS = 10;

type Part = { readonly number: number; requests: number; failures: number };

/** Results of requests over a sliding window. */
export class FailureWindow {
  readonly #windowMs: number;
  readonly #partMs: number;
  readonly #now: () => number;
  #parts: Part[] = [];

  /** @param now monotonic clock in milliseconds */
  constructor(windowMs: number, now: () => number) {
    this.#windowMs = windowMs;
    this.#partMs = windowMs / PARTS;
    this.#now = now;
  }

  add(failed: boolean): void {
    const number = this.#forget();
    let part = this.#parts.at(-1);
    if (part?.number !== number) {
      part = { number, requests: 0, failures: 0 };
      this.#parts.push(part);
    }
    part.requests++;
    if (failed) part.failures++;
  }

  /** Requests per second over the whole window, and the share of failed ones. */
  read(): { readonly perSecond: number; readonly ratio: number } {
    this.#forget();
    const requests = this.#parts.reduce((sum, part) => sum + part.requests, 0);
    const failures = this.#parts.reduce((sum, part) => sum + part.failures, 0);
    return { perSecond: requests / (this.#windowMs / 1000), ratio: requests === 0 ? 0 : failures / requests };
  }

  clear(): void {
    this.#parts = [];
  }

  /** Drops parts that are older than the window. @returns the number of the current part */
  #forget(): number {
    const number = Math.floor(this.#now() / this.#partMs);
    const first = this.#parts[0];
    if (first !== undefined && first.number <= number - PARTS)
      this.#parts = this.#parts.filter((part) => part.number > number - PARTS);
    return number;
  }
}
