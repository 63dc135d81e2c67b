import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { DrillReport, EpisodeReport } from "./results.ts";
import { renderTimelines } from "./svg.ts";
import { renderTables } from "./terminal.ts";

const FAULT: EpisodeReport = {
  id: "latency-critical",
  title: "ExpressLatencyCritical: The chat API answers in 800 ms",
  kind: "fault",
  passed: true,
  durationMs: 40_000,
  findings: [],
  commands: [],
  alert: "ExpressLatencyCritical",
  budget: {
    ...{ pendingMs: 105_000, firingMs: 420_000, notifiedMs: 450_000, resolvedMs: 840_000 },
    ...{ heldMs: 300_000, keptMs: 180_000, evaluationMs: 15_000, toleranceMs: 240_000 },
  },
  steps: {
    injectedMs: 0,
    pendingMs: 26_000,
    firingMs: 326_000,
    notifiedMs: 356_000,
    removedMs: 400_000,
    resolvedMs: 998_000,
    endMs: 1_000_000,
  },
  matrix: [
    {
      alertname: "ExpressLatencyCritical",
      state: "fired",
      receivers: ["slack-critical"],
      pendingMs: 26_000,
      firingMs: 326_000,
      endMs: 900_000,
    },
    {
      alertname: "ExpressLatencyHigh",
      state: "inhibited",
      receivers: [],
      pendingMs: 26_000,
      firingMs: 326_000,
      endMs: 900_000,
    },
    {
      alertname: "DeadLetterQueueGrowing",
      state: "fired",
      receivers: ["slack-warnings", "team-platform"],
      pendingMs: 26_000,
      firingMs: 326_000,
      endMs: 900_000,
    },
  ],
};
const BASELINE: EpisodeReport = {
  ...{
    id: "missed-scrapes",
    title: "One missed scrape, and later two in a row, under load",
    kind: "baseline",
    passed: true,
  },
  ...{ durationMs: 40_000, findings: [], commands: [], steps: {}, matrix: [] },
};
const REPORT: DrillReport = {
  ...{
    startedAt: "2026-01-01T00:00:00Z",
    durationMs: 80_000,
    factor: 1,
    runtime: "native",
    jobs: 1,
    machine: "2 cores",
  },
  ...{ versions: {}, passed: true, episodes: [FAULT, BASELINE] },
};

test("tables fit into 80 columns and lose no word", () => {
  const lines = stripVTControlCharacters(renderTables(REPORT)).split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  const words = lines.join(" ").replaceAll(/[│\s]+/g, " ");
  for (const word of ["missed-scrapes", "DeadLetterQueueGrowing", "team-platform", "(inhibited)"]) {
    expect(words).toContain(word);
  }
  expect(lines.map((line) => line.split("│")[1]?.trim()).join("")).toContain("latency-critical");
});

test("a time is shown beside its prediction and its bounds", () => {
  const lines = stripVTControlCharacters(renderTables(REPORT)).split("\n");
  const at = lines.findIndex((line) => line.includes("latency-"));
  const rows = lines.slice(at, lines.indexOf(lines.find((line, index) => index > at && line.includes("└")) ?? ""));
  const column = (index: number) =>
    rows
      .map((line) => line.split("│")[index]?.trim())
      .join(" ")
      .trim();
  expect(column(2)).toBe("26.0 s of 1 min 45 s in 0.0 s to 5 min 45 s");
  expect(column(3)).toBe("5 min 0 s of 5 min 0 s in 5 min 0 s to 6 min 15 s");
});

test("the legend has every kind of mark, in its shape", () => {
  const svg = renderTimelines(REPORT);
  const legend = svg.split("\n").at(-3) ?? "";
  const drawn = new Set(
    [...svg.replace(legend, "").matchAll(/<(rect|circle) class="(\w+)"/g)].map(([, shape, kind]) => `${shape} ${kind}`),
  );
  const explained = new Set(
    [...legend.matchAll(/<(rect|circle) class="(\w+)"/g)].map(([, shape, kind]) => `${shape} ${kind}`),
  );
  expect(drawn.size).toBe(7);
  expect(explained).toEqual(drawn);
});
