import { describe, expect, test } from "vitest";
import { stack, toBuckets, toFrame, toTable } from "./frames.ts";
import type { Panel } from "./model.ts";

const GRID = { fromS: 100, toS: 130, stepS: 10 };

function panel(targets: readonly object[], transformations: readonly object[] = []): Panel {
  return { type: "timeseries", targets, transformations } as unknown as Panel;
}

describe("series", () => {
  const frame = toFrame(
    panel([{ refId: "A", legendFormat: "{{type}}" }]),
    [
      [
        {
          labels: { type: "ml" },
          points: [
            [100, 1],
            [110, 2],
            [130, 4],
          ],
        },
        {
          labels: { type: "codegen" },
          points: [
            [120, Number.NaN],
            [130, 9],
          ],
        },
      ],
    ],
    GRID,
  );

  test("are on one time axis, in the order of the answers, with gaps where samples are missing", () => {
    expect(frame.timesS).toEqual([100, 110, 120, 130]);
    expect(frame.series).toEqual([
      { name: "ml", refId: "A", values: [1, 2, null, 4] },
      { name: "codegen", refId: "A", values: [null, null, null, 9] },
    ]);
  });

  test("can be stacked", () => {
    expect(stack(frame.series).map(({ values }) => values)).toEqual([
      [1, 2, null, 4],
      [null, null, null, 13],
    ]);
  });
});

test("cumulative buckets are separated, and empty outer ones left out", () => {
  const values = (value: number) => [value, value];
  const frame = {
    timesS: [100, 110],
    series: [
      { name: "+Inf", refId: "A", values: values(7) },
      { name: "0.1", refId: "A", values: values(2) },
      { name: "1", refId: "A", values: values(7) },
      { name: "0.01", refId: "A", values: values(0) },
      { name: "10", refId: "A", values: values(7) },
      { name: "100", refId: "A", values: values(7) },
    ],
  };
  expect(toBuckets(frame)).toEqual([
    { from: 0, to: 0.01, values: [0, 0] },
    { from: 0.01, to: 0.1, values: [2, 2] },
    { from: 0.1, to: 1, values: [5, 5] },
    { from: 1, to: 10, values: [0, 0] },
  ]);
});

test("answers become rows of equal labels, with columns named and ordered by the panel", () => {
  const table = toTable(
    panel(
      [{ refId: "A" }, { refId: "B" }],
      [
        { id: "merge", options: {} },
        {
          id: "organize",
          options: {
            indexByName: { "Value #B": 2, queue: 0, "Value #A": 1 },
            renameByName: { queue: "Queue", "Value #A": "Depth", "Value #B": "Lag" },
          },
        },
      ],
    ),
    [
      [
        { labels: { queue: "b" }, value: 1 },
        { labels: { queue: "a" }, value: 2 },
      ],
      [{ labels: { queue: "a" }, value: 3 }],
    ],
  );
  expect(table).toEqual({
    columns: ["Queue", "Depth", "Lag"],
    rows: [
      { Queue: "a", Depth: 2, Lag: 3 },
      { Queue: "b", Depth: 1, Lag: "" },
    ],
  });
});
