import { expect, test } from "vitest";
import { drawSchedule } from "./draw.ts";
import { withResults } from "./measured.ts";
import type { ScheduleResult } from "./run.ts";

function result(parts: Partial<ScheduleResult>, shape: "single" | "several" = "single"): ScheduleResult {
  const faults = [{ fault: "Redis hangs", atMinute: 2, forMinutes: 32 }];
  const nothing = { findings: [], hurts: [], notifications: 0, falseNotifications: 0, missedFaults: [], notified: {} };
  const schedule = { ...drawSchedule(1), shape, faults };
  return { name: "seed 1", schedule, passed: true, tasks: 0, durationMs: 1, ...nothing, ...parts };
}

const HURT = { kind: "slow", type: "ml", fromMs: 0, toMs: 1, hurt: true } as const;

test("the longest time of each alert and every hurt are kept", () => {
  const first = withResults({}, [result({ notified: { NoActiveWorkers: 3, RedisStateUnknown: 7 }, hurts: [HURT] })]);
  const both = withResults(first, [result({ notified: { NoActiveWorkers: 4, SubmissionsFailing: 1 } })]);
  expect(both).toEqual({
    "Redis hangs": {
      runs: 2,
      hurts: ["slow"],
      notified: { SubmissionsFailing: 1, NoActiveWorkers: 4, RedisStateUnknown: 7 },
    },
  });
});

test("a failed, combined or unplanned run measures no fault", () => {
  const results = [result({ passed: false }), result({}, "several"), result({ missedFaults: ["Redis hangs: no"] })];
  expect(withResults({}, results)).toEqual({});
});
