/** Where progress is written. */
export type ProgressOutput = { write(text: string): unknown };

/** A line is written after this many percent of an area. */
const STEP_PERCENT = 10;

/** Writes how many mutants of an area are decided, and how long all have taken. */
export function areaProgress(area: string, output: ProgressOutput, elapsedMs: () => number) {
  let writtenPercent = 0;
  return (decided: number, total: number): void => {
    const percent = Math.floor((decided / total) * 100);
    if (percent < writtenPercent + STEP_PERCENT) return;
    writtenPercent = percent - (percent % STEP_PERCENT);
    output.write(`${area}: ${percent} % of ${total} mutants, ${Math.round(elapsedMs() / 1000)} s\n`);
  };
}
