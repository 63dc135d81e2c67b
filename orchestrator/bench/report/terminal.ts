import { styleText } from "node:util";
import type { Outcome } from "../scenarios/scenario.ts";
import { cellsOf } from "./table.ts";
import { judge } from "./targets.ts";

/** Shows the progress: on a terminal in one line that is overwritten, otherwise line by line. */
export function createProgress(): (text: string) => void {
  return (text) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
}

export function printOutcome({ section }: Outcome): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
  const { head, body } = cellsOf(section);
  const widths = head.map((cell, at) => Math.max(cell.length, ...body.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  console.log(`\n${styleText("bold", section.title)}\n${line(head)}`);
  for (const row of body) console.log(line(row));
  for (const note of section.notes) console.log(styleText("dim", note));
}

export function printVerdicts(outcomes: readonly Outcome[]): void {
  console.log(`\n${styleText("bold", "Targets")}`);
  for (const { what, limit, measured, reached } of judge(
    Object.assign({}, ...outcomes.map(({ targets }) => targets)),
  )) {
    const verdict = reached ? styleText("green", "reached    ") : styleText("red", "not reached");
    console.log(`${verdict}  ${what}: ${measured} (${limit})`);
  }
}
