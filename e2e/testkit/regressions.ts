import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A schedule of a campaign that failed, shrunk, with the kinds of what was found. */
export type Regression<S> = { readonly found: readonly string[]; readonly schedule: S };

/** All stored schedules of a folder, by file name. */
export function readRegressions<S>(folder: string): Map<string, Regression<S>> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(files.sort().map((file) => [file.slice(0, -".json".length), readRegression<S>(join(folder, file))]));
}

export function readRegression<S>(path: string): Regression<S> {
  return JSON.parse(readFileSync(path, "utf8")) as Regression<S>;
}

/** Stores a schedule. @returns the path of its file */
export function keepRegression(
  schedule: { readonly seed: number },
  found: readonly { readonly kind: string }[],
  folder: string,
): string {
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  const path = join(folder, `seed-${schedule.seed}-${kinds[0] ?? "unknown"}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, formatRegression({ found: kinds, schedule }));
  return path;
}

/** A schedule as JSON, with one line for each item of its lists. */
export function formatRegression({ found, schedule }: Regression<object>): string {
  const fields = Object.entries(schedule).sort(([a], [b]) => (a < b ? -1 : 1));
  const head = Object.fromEntries(Object.entries(schedule).filter(([, value]) => !isList(value)));
  const lists = fields.flatMap(([name, value]) => (isList(value) ? [`\n    "${name}": [${lines(value)}\n    ]`] : []));
  return `{
  "found": ${JSON.stringify(found)},
  "schedule": {
    ${[JSON.stringify(head).slice(1, -1), ...lists].join(",")}
  }
}
`;
}

function isList(value: unknown): value is readonly object[] {
  return Array.isArray(value) && value.every((item) => typeof item === "object");
}

function lines(items: readonly object[]): string {
  return items.map((item) => `\n      ${JSON.stringify(item)}`).join(",");
}
