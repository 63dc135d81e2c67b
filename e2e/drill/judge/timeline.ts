/** Steps of an episode in their order. */
export const PHASES = [
  "healthy",
  "injected",
  "pending",
  "firing",
  "notified",
  "complete",
  "diagnosed",
  "removed",
  "resolved",
  "accounted",
] as const;

/**
 * `injected` and `removed` are when that begins. `complete`: every consequence of the fault is visible. `accounted`:
 * every task has ended.
 */
export type Phase = (typeof PHASES)[number];

/** A step was reached twice, or before one that precedes it. */
export class PhaseOrderError extends Error {
  readonly code = "PHASE_ORDER";
  readonly subject: Phase;

  constructor(phase: Phase, after: Phase) {
    super(`An episode cannot be ${phase} after it was ${after}`);
    this.name = "PhaseOrderError";
    this.subject = phase;
  }
}

/** When an episode reached which step, epoch ms. Steps may be left out. */
export class Timeline {
  readonly #now: () => number;
  readonly #onPhase: (phase: Phase) => void;
  readonly #marks = new Map<Phase, number>();

  constructor(now: () => number, onPhase: (phase: Phase) => void = () => {}) {
    this.#now = now;
    this.#onPhase = onPhase;
  }

  /** @throws PhaseOrderError */
  reach(phase: Phase): number {
    const last = this.last;
    if (last !== undefined && PHASES.indexOf(phase) <= PHASES.indexOf(last)) throw new PhaseOrderError(phase, last);
    const atMs = this.#now();
    this.#marks.set(phase, atMs);
    this.#onPhase(phase);
    return atMs;
  }

  get last(): Phase | undefined {
    return [...this.#marks.keys()].at(-1);
  }

  at(phase: Phase): number | undefined {
    return this.#marks.get(phase);
  }

  /** The steps that were reached with their times. */
  toJSON(): Partial<Record<Phase, number>> {
    return Object.fromEntries(this.#marks);
  }
}
