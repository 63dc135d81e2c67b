import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HurtKind } from "./oracle/budgets.ts";
import type { ScheduleResult } from "./run.ts";

/** What the schedules with one fault alone have shown about it. */
export type Measured = {
  readonly runs: number;
  /** How clients were hurt for longer than a budget. */
  readonly hurts: readonly HurtKind[];
  /** The alerts that were notified, with the longest time until the first message. Minutes at production length after the fault. */
  readonly notified: Readonly<Record<string, number>>;
};

const FILE = join(import.meta.dirname, "measured.json");

/** What is kept, by the name of the fault. */
export function readMeasured(): Readonly<Record<string, Measured>> {
  return JSON.parse(readFileSync(FILE, "utf8")) as Record<string, Measured>;
}

/** Adds what passed, where one fault was alone and went as planned. */
export function keepMeasured(results: readonly ScheduleResult[]): void {
  const byName = Object.entries(withResults(readMeasured(), results)).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(byName), undefined, 2)}\n`);
}

/** The figures with more results. */
export function withResults(
  measured: Readonly<Record<string, Measured>>,
  results: readonly ScheduleResult[],
): Record<string, Measured> {
  const all = { ...measured };
  for (const { schedule, passed, missedFaults, hurts, notified } of results) {
    const [only] = schedule.faults;
    if (!passed || schedule.shape !== "single" || only === undefined || missedFaults.length > 0) continue;
    const before = all[only.fault] ?? { runs: 0, hurts: [], notified: {} };
    const longest = Object.entries(notified).map(([alert, after]) => [
      alert,
      Math.max(after, before.notified[alert] ?? 0),
    ]);
    all[only.fault] = {
      runs: before.runs + 1,
      hurts: [...new Set([...before.hurts, ...hurts.map(({ kind }) => kind)])].sort(),
      notified: sorted({ ...before.notified, ...Object.fromEntries(longest) }),
    };
  }
  return all;
}

function sorted(minutes: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(minutes).sort(([, a], [, b]) => a - b));
}
