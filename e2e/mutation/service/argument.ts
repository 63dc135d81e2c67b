/** Why a kind of mistake changes nothing that can be observed, so that no test can kill it. */
export type Argument = {
  /** File, or a folder that ends in `*`. */
  readonly file: string;
  readonly operator?: string;
  /** Matches the change. */
  readonly change: RegExp;
  /** Matches the changed line. */
  readonly line?: RegExp;
  readonly why: string;
};
