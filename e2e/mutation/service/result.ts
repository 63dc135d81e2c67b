/** A mistake that no test noticed. */
export type Survivor = {
  /** File, below `orchestrator/src`. */
  readonly file: string;
  readonly line: number;
  /** The original line. */
  readonly source: string;
  /** Kind of the mistake. */
  readonly operator: string;
  /** The change: before -> after. */
  readonly change: string;
};

/** The results of one area. */
export type AreaResult = {
  readonly area: string;
  readonly killed: number;
  /** Killed before tests were written for the survivors; absent if the survivors were not tried again. */
  readonly killedAtFirst?: number;
  readonly survivors: readonly Survivor[];
  /** Left out on purpose, see `typescript/leftOut.ts`. */
  readonly leftOut: number;
  /** Not tried within the time budget. */
  readonly notTried: number;
};

/** Called after every mutant. */
export type OnDecided = (decided: number, total: number) => void;

/** How many mutants were killed when the survivors were not known yet. */
export function killedAtFirst({ killed, killedAtFirst = killed }: AreaResult): number {
  return killedAtFirst;
}
