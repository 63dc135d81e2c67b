import { ratioOf, summarize } from "../harness/stats.ts";
import type { Row, Section } from "../scenarios/scenario.ts";

/** The table cells of a section: ratios first, then median and spread of each column. */
export function cellsOf(section: Section): { head: string[]; body: string[][] } {
  const ratioNames = unique(section.rows.flatMap((row) => row.ratios.map(nameOf)));
  const columns = unique(section.rows.flatMap((row) => Object.keys(row.values)));
  return {
    head: ["", "unit", ...ratioNames, ...columns],
    body: section.rows.map((row) => [
      row.label,
      row.unit,
      ...ratioNames.map((name) => ratioCell(row, name)),
      ...columns.map((column) => valueCell(row.values[column])),
    ]),
  };
}

const nameOf = ([of, to]: readonly [string, string]) => `${of} / ${to}`;
const unique = (names: readonly string[]) => [...new Set(names)];

function ratioCell(row: Row, name: string): string {
  const pair = row.ratios.find((candidate) => nameOf(candidate) === name);
  const [of, to] = pair?.map((column) => row.values[column]) ?? [];
  return of === undefined || to === undefined ? "" : `${ratioOf(of, to).toFixed(2)}x`;
}

function valueCell(values: readonly number[] | undefined): string {
  if (values === undefined) return "";
  const { median, spread, rounds } = summarize(values);
  return rounds === 1 ? figure(median) : `${figure(median)} (±${Math.round(spread * 50)} %)`;
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}
