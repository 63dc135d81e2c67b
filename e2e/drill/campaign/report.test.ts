import { expect, test } from "vitest";
import { drawSchedule } from "./draw.ts";
import { renderLine, renderSummary, summarize } from "./report.ts";
import type { ScheduleResult } from "./run.ts";

const HURT = { kind: "slow", type: "ml", fromMs: 0, toMs: 1, hurt: true } as const;

function result(seed: number, parts: Partial<ScheduleResult> = {}): ScheduleResult {
  const nothing = { findings: [], hurts: [], notifications: 0, falseNotifications: 0, missedFaults: [], notified: {} };
  const schedule = { ...drawSchedule(seed), shape: "single" as const };
  return { name: `seed ${seed}`, schedule, passed: true, tasks: 3, durationMs: 1_000, ...nothing, ...parts };
}

const results = [
  result(1, {
    hurts: [
      { ...HURT, noticedBy: "ExpressLatencyHigh", noticedAfterMinutes: 7 },
      { ...HURT, noticedBy: "ExpressLatencyHigh", noticedAfterMinutes: 9 },
    ],
    notifications: 4,
  }),
  result(2, {
    hurts: [HURT],
    notifications: 4,
    falseNotifications: 2,
    passed: false,
    findings: [{ kind: "missed", detail: "clients of ml were hurt" }],
  }),
  result(3, { passed: false, tasks: 0, findings: [{ kind: "notRun", detail: "the stack did not start" }] }),
];

test("recall counts hurts over all schedules, precision notifications; what was not judged counts nowhere", () => {
  expect(summarize({ results, kept: {} })).toMatchObject({
    schedules: 2,
    single: 2,
    notRun: 1,
    failed: ["seed 2"],
    hurts: 3,
    recall: 2 / 3,
    noticedAfterMinutes: { median: 7, longest: 9 },
    notifications: 8,
    precision: 0.75,
    tasks: 6,
  });
});

test("the summary says what was found, and where shrunk schedules are", () => {
  const text = renderSummary(summarize({ results, kept: { "seed 2": "seed-2-missed.json" } }));
  expect(text).toContain("2 schedules (2 with a single fault), 1 failed: seed 2");
  expect(text).toContain("recall 66.7 %");
  expect(text).toContain("found: 1 missed");
  expect(text).toContain("1 were not judged");
  expect(text).toContain("seed 2: shrunk to seed-2-missed.json");
});

test("a campaign in which nothing was hurt or notified missed nothing", () => {
  expect(summarize({ results: [], kept: {} })).toMatchObject({ recall: 1, precision: 1, schedules: 0 });
});

test("a failed schedule is printed with its faults, its findings and every hurt", () => {
  const text = renderLine(results[1] as ScheduleResult);
  expect(text).toContain("clients of ml were hurt");
  expect(text).toContain("ml slow: missed");
  for (const { fault } of drawSchedule(2).faults) expect(text).toContain(fault);
});
