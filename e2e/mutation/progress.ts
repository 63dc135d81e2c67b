/** A log gets an update after this many percent; a terminal gets every one. */
const LOG_STEP_PERCENT = 10;

/** Where progress is written: standard error by default. */
export type ProgressOutput = { readonly isTTY?: boolean; write(text: string): unknown };

/** Reports how many of all mutants are decided, over areas that run side by side. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #areas = new Map<string, { total: number; decided: number }>();
  #writtenPercent = 0;

  constructor(output: ProgressOutput = process.stderr) {
    this.#output = output;
  }

  /** Announces the mutants of an area. All areas are announced before the first one is decided. */
  expect(area: string, total: number): void {
    this.#areas.set(area, { total, decided: 0 });
  }

  /** How many mutants of an announced area have been decided so far. */
  decided(area: string, count: number): void {
    const known = this.#areas.get(area);
    if (known === undefined) throw new RangeError(`${area} was not announced`);
    known.decided = count;
    this.#write();
  }

  #write(): void {
    const areas = [...this.#areas.values()];
    const total = areas.reduce((sum, area) => sum + area.total, 0);
    const decided = areas.reduce((sum, area) => sum + area.decided, 0);
    const percent = Math.floor((decided / total) * 100);
    const text = `${percent} % of ${total} mutants tried`;
    if (this.#output.isTTY === true) {
      this.#output.write(`\r\u001b[K${text}${decided === total ? "\n" : ""}`);
    } else if (percent >= this.#writtenPercent + LOG_STEP_PERCENT) {
      this.#writtenPercent = percent - (percent % LOG_STEP_PERCENT);
      this.#output.write(`${text}\n`);
    }
  }
}
