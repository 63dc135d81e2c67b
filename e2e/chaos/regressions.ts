import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Violation } from "./oracle.ts";
import type { Schedule } from "./schedule.ts";

/** A schedule that failed once, shrunk, and what it showed. */
export type Regression = { readonly found: readonly string[]; readonly schedule: Schedule };

export const REGRESSIONS = join(import.meta.dirname, "regressions");

/** All that are kept, by the names of their files. */
export function readRegressions(folder = REGRESSIONS): Map<string, Regression> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(files.sort().map((file) => [file.slice(0, -".json".length), readRegression(join(folder, file))]));
}

export function readRegression(path: string): Regression {
  return JSON.parse(readFileSync(path, "utf8")) as Regression;
}

/** Keeps one, one line for each task and fault. @returns the path of its file */
export function keepRegression(schedule: Schedule, violations: readonly Violation[], folder: string): string {
  const kinds = [...new Set(violations.map(({ kind }) => kind))];
  const path = join(folder, `seed-${schedule.seed}-${kinds[0] ?? "unknown"}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, formatRegression({ found: kinds, schedule }));
  return path;
}

export function formatRegression({ found, schedule }: Regression): string {
  const { tasks, faults, ...head } = schedule;
  const lines = (items: readonly object[]) => items.map((item) => `\n      ${JSON.stringify(item)}`).join(",");
  return `{
  "found": ${JSON.stringify(found)},
  "schedule": {
    ${JSON.stringify(head).slice(1, -1)},
    "faults": [${lines(faults)}
    ],
    "tasks": [${lines(tasks)}
    ]
  }
}
`;
}
