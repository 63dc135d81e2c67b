/**
 * Delay before another attempt: exponential with equal jitter, so that simultaneous failures do not return at the same
 * time, and there is always a pause.
 *
 * @param attempt attempts made so far, from 1
 * @param random in [0, 1)
 * @returns ms, between half of the ceiling and the ceiling
 */
export function equalJitterMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  const ceiling = ceilingMs(attempt, baseMs, capMs);
  return Math.ceil(ceiling / 2 + random() * (ceiling / 2));
}

/** Largest change of an interval, as a share of it. */
const SPREAD = 0.1;

/** An interval with jitter, so that replicas do not run in step. */
export function spreadMs(intervalMs: number, random: () => number): number {
  return intervalMs * (1 + SPREAD * (2 * random() - 1));
}

function ceilingMs(attempt: number, baseMs: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 40));
}
