/**
 * Delay before a retry: exponential with full jitter, so that tasks which failed together do not come back together.
 *
 * @param attempt attempts made so far, from 1
 * @param random in [0, 1)
 * @returns ms, between 0 and the cap
 */
export function fullJitterMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return Math.floor(random() * ceilingMs(attempt, baseMs, capMs));
}

/**
 * Delay before another attempt to acknowledge: exponential with equal jitter, so that there always is a pause.
 *
 * @returns ms, between half of the ceiling and the ceiling
 */
export function equalJitterMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  const ceiling = ceilingMs(attempt, baseMs, capMs);
  return Math.ceil(ceiling / 2 + random() * (ceiling / 2));
}

function ceilingMs(attempt: number, baseMs: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 40));
}
