/**
 * Delay before another attempt: exponential with equal jitter, so that what failed together does not come back together,
 * and that there always is a pause: whatever is the matter has some time to pass.
 *
 * @param attempt attempts made so far, from 1
 * @param random in [0, 1)
 * @returns ms, between half of the ceiling and the ceiling
 */
export function equalJitterMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  const ceiling = ceilingMs(attempt, baseMs, capMs);
  return Math.ceil(ceiling / 2 + random() * (ceiling / 2));
}

function ceilingMs(attempt: number, baseMs: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 40));
}
