/** What clients can suffer. */
export const HURTS = ["refused", "slow", "failed", "stuck"] as const;
export type HurtKind = (typeof HURTS)[number];

type Budget = {
  /** Share of bad events from which on clients are hurt. Below it and above 0 they have trouble, which explains a notification and requires none. */
  readonly share: number;
  /** An operator must be notified of a hurt this long after it began. Minutes at production length. */
  readonly noticedWithinMinutes: number;
};

/**
 * The budgets of the oracle, all of them, by hand. They are promises to clients, and derive from no threshold, window or `for`
 * of a rule.
 */
export const BUDGETS: Readonly<Record<HurtKind, Budget>> = {
  /** Submissions of a type and lane that are not accepted, or get no answer. */
  refused: { share: 0.6, noticedWithinMinutes: 15 },
  /** Express tasks of a type whose result comes late. */
  slow: { share: 0.25, noticedWithinMinutes: 30 },
  /** Tasks of a type that end as failed. */
  failed: { share: 0.2, noticedWithinMinutes: 25 },
  /** Regular tasks of a type that do not end. */
  stuck: { share: 0.5, noticedWithinMinutes: 35 },
};

/** From when on a task is late, and from when on that may explain a notification. */
export const LATE = {
  /** Real time: a promise to clients, which no drill scales. */
  express: { hurtMs: 500, troubleMs: 100 },
  /** Minutes at production length. */
  regular: { hurtMinutes: 15, troubleMinutes: 2 },
} as const;

/** Minutes at production length. */
export const PATIENCE = {
  /** Clients are judged by their last minutes … */
  windowMinutes: 5,
  /** At low traffic, by their last few events in this time. */
  slowWindowMinutes: 15,
  fewEvents: 3,
  /** A notification may look back this far on what it is about. */
  lookbackMinutes: 25,
  /** A page may come this long before clients are hurt. */
  leadMinutes: 10,
  /** No alert may fire for longer after its cause. */
  resolvedWithinMinutes: 50,
} as const;

/** Longest time from the removal of the last fault until clients are served again, with no help. Real time: processes start. */
export const RECOVERED_WITHIN_MS = 45_000;
