import { type Labels, seriesName } from "./legend.ts";
import type { Panel } from "./model.ts";
import { queriesOf } from "./model.ts";
import type { InstantSample, RangeSeries } from "./prometheus.ts";

/** Series on one time axis; null for a missing sample. */
export type Frame = { readonly timesS: readonly number[]; readonly series: readonly FrameSeries[] };
export type FrameSeries = {
  readonly name: string;
  /** Reference id of its query. */
  readonly refId: string;
  readonly values: readonly (number | null)[];
};

/** Puts the results of a panel's queries on one time axis, in epoch seconds, both ends included. */
export function toFrame(panel: Panel, answers: readonly (readonly RangeSeries[])[], grid: TimeGrid): Frame {
  const timesS: number[] = [];
  for (let time = grid.fromS; time <= grid.toS + grid.stepS / 1000; time += grid.stepS) timesS.push(time);
  const queries = queriesOf(panel);
  const series = answers.flatMap((answer, index) =>
    answer.map(({ labels, points }) => ({
      name: seriesName(queries[index]?.legendFormat, labels),
      refId: queries[index]?.refId ?? "",
      values: onGrid(points, grid, timesS.length),
    })),
  );
  return { timesS, series };
}

/** The times of the samples, in epoch seconds. */
export type TimeGrid = { readonly fromS: number; readonly toS: number; readonly stepS: number };

function onGrid(points: RangeSeries["points"], grid: TimeGrid, length: number): (number | null)[] {
  const values = Array<number | null>(length).fill(null);
  for (const [timeS, value] of points) {
    const index = Math.round((timeS - grid.fromS) / grid.stepS);
    if (index >= 0 && index < length && Number.isFinite(value)) values[index] = value;
  }
  return values;
}

/** Each series on top of those before it. */
export function stack(series: readonly FrameSeries[]): FrameSeries[] {
  const below: number[] = [];
  return series.map(({ values, ...rest }) => ({
    ...rest,
    values: values.map((value, index) => {
      const top = (below[index] ?? 0) + (value ?? 0);
      below[index] = top;
      return value === null ? null : top;
    }),
  }));
}

/** One bucket of a distribution: observations between its bounds, at each time. */
export type Bucket = { readonly from: number; readonly to: number; readonly values: readonly (number | null)[] };

/** Separates cumulative buckets, named by their upper bound; outer buckets that are always empty are left out. */
export function toBuckets(frame: Frame): Bucket[] {
  const cumulative = frame.series
    .map(({ name, values }) => ({ to: name === "+Inf" ? Number.POSITIVE_INFINITY : Number(name), values }))
    .toSorted((a, b) => a.to - b.to);
  const buckets = cumulative.map(({ to, values }, index): Bucket => {
    const lower = cumulative[index - 1];
    const count = (value: number, at: number) => value - (lower?.values[at] ?? 0);
    return {
      from: lower?.to ?? 0,
      to,
      // A smaller one is an error of rounding, as for Grafana.
      values: values.map((value, at) => (value === null ? null : count(value, at) > 1e-9 ? count(value, at) : 0)),
    };
  });
  const used = (bucket: Bucket) => bucket.values.some((value) => (value ?? 0) > 0);
  const first = buckets.findIndex(used);
  const last = buckets.findLastIndex(used);
  return first === -1 ? [] : buckets.slice(Math.max(0, first - 1), last + 2);
}

/** A table: titles, and rows of texts and numbers by title. */
export type Table = { readonly columns: readonly string[]; readonly rows: readonly Row[] };
export type Row = Readonly<Record<string, string | number>>;

type Organize = { excludeByName?: object; indexByName?: Record<string, number>; renameByName?: Record<string, string> };

/** Merges instant results into rows of equal labels, with the panel's names and order of columns. */
export function toTable(panel: Panel, answers: readonly (readonly InstantSample[])[]): Table {
  const organize = (panel.transformations?.find(({ id }) => id === "organize")?.options ?? {}) as Organize;
  const rows = new Map<string, { labels: Labels; values: Map<string, number> }>();
  const queries = queriesOf(panel);
  answers.forEach((answer, index) => {
    const field = answers.length === 1 ? "Value" : `Value #${queries[index]?.refId}`;
    for (const { labels, value } of answer) {
      const key = JSON.stringify(Object.entries(labels).toSorted());
      const row = rows.get(key) ?? { labels, values: new Map() };
      row.values.set(field, value);
      rows.set(key, row);
    }
  });
  const order = Object.entries(organize.indexByName ?? {}).toSorted(([, a], [, b]) => a - b);
  const titleOf = (name: string) => organize.renameByName?.[name] ?? name;
  const columns = order.map(([name]) => titleOf(name));
  return {
    columns,
    rows: [...rows.values()]
      .map(
        ({ labels, values }): Row =>
          Object.fromEntries(order.map(([name]) => [titleOf(name), labels[name] ?? values.get(name) ?? ""])),
      )
      .toSorted((a, b) => String(a[columns[0] ?? ""]).localeCompare(String(b[columns[0] ?? ""]))),
  };
}
