/**
 * Hand-written promtool samples of one alert. They are the oracle: every number, label and text in them is typed by
 * hand and none is taken from the catalogue, so that a wrong threshold, window or `for` cannot prove itself right.
 */
export type Samples = {
  /** The threshold these samples were written for; they are left out of the tests where the user chose another. */
  readonly threshold: number;
  /** Labels that every alert of this name carries beside its own. */
  readonly labels: Labels;
  readonly cases: readonly Case[];
};

export type Labels = Readonly<Record<string, string>>;

/** One story: what was scraped, and what the alert was at certain times. */
export type Case = {
  /** What must be true, as a sentence. */
  readonly name: string;
  /** Promtool's notation, one sample per 15 s; see `scrapes.ts`. */
  readonly series: Readonly<Record<string, string>>;
  /** Times in order; what is not listed as pending or firing at a time must be neither. */
  readonly expect: readonly Expectation[];
  /** What a person is told at a time. */
  readonly annotated?: { readonly at: string; readonly labels: Labels; readonly annotations: Labels };
};

export type Expectation = {
  /** Time since the start: `5m15s`. */
  readonly at: string;
  readonly pending?: readonly Labels[];
  readonly firing?: readonly Labels[];
};
