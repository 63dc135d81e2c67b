import { createHash } from "node:crypto";

/** Which mutants of an area are tried: all, or a random share. */
export type Sample = {
  /** From 0 to 1. */
  readonly share: number;
  readonly seed: number;
};

/** True if a mutant is in the sample. @param name the same for the same mutant */
export function isDrawn(name: string, { seed, share }: Sample): boolean {
  return Number.parseInt(createHash("sha1").update(`${seed} ${name}`).digest("hex").slice(0, 8), 16) < share * 2 ** 32;
}

/** z of 95 % confidence. */
const Z = 1.96;

/** The 95 % confidence interval of the share of all mutants, in percent, from a sample (Wilson). */
export function confidenceInterval(killed: number, tried: number): [from: number, to: number] {
  if (tried === 0) return [0, 100];
  const share = killed / tried;
  const weight = 1 + Z ** 2 / tried;
  const middle = (share + Z ** 2 / (2 * tried)) / weight;
  const half = (Z / weight) * Math.sqrt((share * (1 - share)) / tried + Z ** 2 / (4 * tried ** 2));
  return [(middle - half) * 100, (middle + half) * 100];
}
