/** Passes chunks of a stream on, each after its delay, in order. */
export class DelayLine {
  readonly #write: (piece: Buffer) => void;
  readonly #waiting: { readonly dueAtMs: number; readonly piece: Buffer }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (piece: Buffer) => void) {
    this.#write = write;
  }

  /** Passes a chunk on, after a delay in milliseconds and after all chunks before it. */
  push(piece: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      this.#write(piece);
      return;
    }
    this.#waiting.push({ dueAtMs: performance.now() + delayMs, piece });
    this.#timer ??= setTimeout(() => this.#passOn(), delayMs);
  }

  #passOn(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      if (first.dueAtMs > now) {
        this.#timer = setTimeout(() => this.#passOn(), first.dueAtMs - now);
        return;
      }
      this.#waiting.shift();
      this.#write(first.piece);
    }
  }
}
