/** A mistake that no test noticed. */
export type Survivor = {
  /** File, below `orchestrator/src`. */
  readonly file: string;
  readonly line: number;
  /** The line as it is. */
  readonly source: string;
  /** Kind of the mistake. */
  readonly operator: string;
  /** What it changes, and into what. */
  readonly change: string;
};

/** What became of the mutants of one area. */
export type AreaResult = {
  readonly area: string;
  readonly killed: number;
  readonly survivors: readonly Survivor[];
  /** In code that no unit test runs: nothing is known about them. */
  readonly notCovered: number;
  /** The time budget ended before. */
  readonly notTried: number;
};

/** What is called after every mutant. */
export type OnDecided = (decided: number, total: number) => void;
